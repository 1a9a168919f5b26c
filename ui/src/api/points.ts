// What the pages of points ask of the server. Kept apart, so that the other faces do not carry it.
import { call, type Body, type Operation, type Query } from './client'
import { address } from './request'
import type { components } from './schema'

type Schema = components['schemas']
export type Ledger = Schema['PointsLedgerJSON']
/** one account of mine: what may be spent, or what is held */
export type Standing = Schema['PointsAccountJSON']
/** a line of a statement */
export type Entry = Schema['PointsEntryJSON']
export type Good = Schema['PointsGoodJSON']
/** what I reserved */
export type Claim = Schema['PointsClaimJSON']
export type Merchant = Schema['PointsMerchantJSON']
export type Proposal = Schema['PointsProposalJSON']
export type Settlement = Schema['PointsSettlementJSON']
export type Report = Schema['PointsReportOutputBody']
export type Boards = Schema['PointsBoardsOutputBody']
export type Scanned = Schema['PointsScanOutputBody']

/** a set of places of which I may take one */
export type Offer = Schema['PlaceOfferJSON']

/** an open set of places in a case that I may read */
export type Published = Schema['PublishedJSON']
export type PersonPage = Schema['PersonPageJSON']
/** how much lies with those who work in a place */
export type PlaceLoad = Schema['PlaceLoadJSON']

export const published = (cursor?: string) => call('get', '/offers/published', { query: { cursor } })
export const workload = (area: string) => call('get', '/workload', { query: { area } }).then(r => r.places)
/** my own page, or that of somebody below whom I look at */
export const person = (id?: string) => call('get', '/points/person', { query: { person: id } })
export const offers = (cursor?: string) => call('get', '/offers', { query: { cursor } })

export const ledgers = () => call('get', '/points/ledgers').then(r => r.ledgers)
export const accounts = () => call('get', '/points/accounts').then(r => r.accounts)
export const statement = (query: Query<'get', '/points/statement'>) => call('get', '/points/statement', { query })
export const goods = (ledger: string) => call('get', '/points/goods', { query: { ledger } }).then(r => r.goods)
export const claims = (ledger: string) => call('get', '/points/claims', { query: { ledger } }).then(r => r.claims)
export const reserve = (ledger: string, good: string, key: string) => call('post', '/points/claims', { body: { ledger, good }, key })
export const giveUp = (ledger: string, id: string) => call('delete', '/points/claims/{id}', { id, query: { ledger } })

/** the key whose codes count now; none when no telephone shows them */
export const codeKeyNow = () => call('get', '/points/code-keys').then(r => r.id)
export const newCodeKey = (key: string) => call('post', '/points/code-keys', { body: { key } }).then(r => r.id)
export const endCodeKeys = () => call('delete', '/points/code-keys')

/** the merchants at which I work; all of a ledger, for who keeps its shop */
export const merchants = (ledger?: string) => call('get', '/points/merchants', { query: { ledger } }).then(r => r.merchants)
/** sent again under its key it is answered as the first time */
export const scan = (body: Body<Operation<'post', '/points/scans'>>, key: string) => call('post', '/points/scans', { body, key })
export const merchantStatement = (ledger: string, id: string, cursor?: string) => call('get', '/points/merchants/{id}/statement', { id, query: { ledger, cursor } })
export const pickUp = (ledger: string, code: string) => call('post', '/points/pickups', { body: { ledger, code } })

export const refund = (ledger: string, code: string) => call('post', '/points/refunds', { body: { ledger, code } })
/** the entries of anybody's account, for who may look */
export const entries = (query: Query<'get', '/points/entries'>) => call('get', '/points/entries', { query })

export const budget = (query: Query<'get', '/points/budget'>) => call('get', '/points/budget', { query })
export const proposals = (ledger: string) => call('get', '/points/proposals', { query: { ledger } }).then(r => r.proposals)
export const proposePoints = (body: Body<Operation<'post', '/points/proposals'>>) => call('post', '/points/proposals', { body })
export const decide = (id: string, body: Body<Operation<'post', '/points/proposals/{id}'>>) => call('post', '/points/proposals/{id}', { id, body })
export const settlements = (ledger: string, month: string) => call('get', '/points/settlements', { query: { ledger, month } }).then(r => r.settlements)
export const settlementsAddress = (ledger: string, month: string) => address('/points/settlements.xlsx', { ledger, month })

/** who was granted the most in a month */
export const boards = (query: Query<'get', '/points/boards'>) => call('get', '/points/boards', { query })
/** whether I want to stand on boards */
export const showMe = (shown: boolean) => call('put', '/points/boards/me', { body: { shown } })

type ReportQuery = Query<'get', '/points/report'>
export const report = (query: ReportQuery) => call('get', '/points/report', { query })
/** the entries behind a figure of the report */
export const behind = (query: Query<'get', '/points/report/entries'>) => call('get', '/points/report/entries', { query })
export const reportAddress = (kind: 'xlsx' | 'pdf', query: ReportQuery) => address(`/points/report.${kind}`, { ...query })
/** all that is published, as a table */
export const publishedAddress = (kind: 'xlsx' | 'csv') => address(`/offers/published.${kind}`, {})
/** objects to an entry of mine: a case is opened about it */
export const objectTo = (body: Body<Operation<'post', '/points/objections'>>, key: string) => call('post', '/points/objections', { body, key })
