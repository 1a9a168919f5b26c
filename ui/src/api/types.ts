// Short names for what travels between the desk and the server, all of it taken from the
// description of the API (schema.d.ts, written by `make api`). Times are milliseconds UTC.
import type { components, paths } from './schema'

type Schema = components['schemas']

/** One thing a form asks for, as a pack describes it; or a record of a kind ("pack/kind"). */
export type Field = Omit<Schema['FormJSON'], 'type'> & { type: Schema['FormJSON']['type'] | 'record'; of?: string }
export type FieldType = Field['type']
export type Option = Schema['OptionJSON']
export type Values = Record<string, unknown>

export type Me = Schema['Me']
export type CaseClass = Schema['ClassJSON']
export type Area = Schema['AreaJSON']
export type Unit = Schema['UnitJSON']
export type Person = Schema['PersonJSON']

export type CaseRow = Schema['RowJSON']
/** an open case that may be the same matter, and why */
export type LikelyCase = Schema['LikelyJSON']
export type ClassProposal = Schema['ProposalJSON']
/** what one person said in a chat in one go, and what it may be */
export type ChatProposal = Schema['ChatProposalJSON']
export type Outline = Schema['OutlineJSON']
/** counts of what somebody may see, each with the query that lists it */
export type Figures = Schema['FiguresOutputBody']
export type Figure = Schema['FigureJSON']
export type AreaFigures = Schema['AreaFiguresJSON']
/** a step that a case has come to, without anything personal */
export type News = Schema['NewsJSON']
export type Phase = CaseRow['phase']
export type CaseView = Schema['ViewJSON']
export type Clock = Schema['ClockJSON']
export type Seat = Schema['SeatJSON']
export type Part = Schema['PartJSON']
/** who took the places of a case, to be marked with a yes or no */
export type Attendance = Schema['AttendanceJSON']
export type Move = Schema['MoveJSON']
/** An action the reader may do now, what it asks, and what is still in its way. */
export type Offer = Schema['OfferJSON']

/** a personal value, as it was given with a move */
export type UnmaskedValue = Schema['UnmaskedJSON']
export type UploadedFile = Schema['FileJSON']
/** a file of a case, why it is flagged, and what a camera wrote of where and when */
export type Evidence = Schema['EvidenceJSON']
export type FileFlag = Schema['FileFlagJSON']
export type Hint = Schema['HintJSON']
/** who read what is masked of me */
export type ReadingOfMe = Schema['ReadingJSON']

export type NewCase = Schema['OpenInputBody']
export type NewMove = Schema['ActInputBody']

/** Somebody for whom I answer, a telephone, a way in, and who acts for whom. */
export type Charge = Schema['ChargeJSON']
export type Phone = Schema['DeviceJSON']
export type Invitation = Schema['InvitationJSON']
export type Absence = Schema['DelegationJSON']
export type Lendable = Schema['LendableJSON']

/** What I was told, whom to telephone, and what did not arrive. Their times are RFC 3339. */
export type Note = Schema['NoteView']
export type Call = Schema['CallView']
export type Letter = Schema['LetterView']
export type Unread = Schema['UnreadOutputBody']

/** what everybody may read at a place */
export type PublicNotice = Schema['PublicJSON']
/** What the residents' inlet says of itself, and of a report that somebody follows. */
export type Inlet = Schema['InletJSON']
export type InletArea = Schema['InletAreaJSON']
export type Proposed = Schema['ProposeOutputBody']
/** what another system brings again and again, and one import or export of it */
export type Feed = Schema['FeedJSON']
export type FeedRun = Schema['RunLinesJSON']
export type Question = Schema['ChallengeJSON']
export type NewReport = Schema['ReportInputBody']
export type Receipt = Schema['ReceiptOutputBody']
export type ReadingOfReport = Schema['ReportReadingJSON']
export type Followed = Schema['FollowedJSON']
export type Accused = Schema['AccusedJSON']

/** Accounts, their posts and sessions, as their owner or an administrator sees them. Times are RFC 3339. */
export type SetupUnit = Schema['SetupUnitJSON']
export type Divided = Schema['DividedJSON']
export type Grid = Schema['GridJSON']
export type GridChange = Schema['ChangeJSON']
export type GridFlaw = Schema['SketchFlawJSON']
export type GridLook = Schema['SketchLookJSON']
export type Boundary = Schema['BoundaryJSON']
export type Sketch = Schema['SketchJSON']
export type SetupPack = Schema['SetupPackJSON']
export type PackVersion = SetupPack['versions'][number]
export type OverlayCheck = Schema['OverlayCheckJSON']
export type PackCheck = paths['/api/v1/setup/packs/check']['post']['responses']['200']['content']['application/json']
export type Account = Schema['AccountRow']
export type Check = Schema['CheckJSON']
export type Finding = Schema['Finding']
export type Leaf = Schema['LeafJSON']
export type AccountPost = Schema['AccountPost']
export type SessionRow = Schema['SessionView']
export type OfferedFactor = Schema['OfferedFactor']
export type OneTimePassword = Schema['OneTimePassword']
export type RoleTitle = Schema['RoleTitle']

/** One place in a request that is wrong. */
export type Wrong = Schema['Wrong']

/** Forms on paper, and what a photo of one, or of an order, was found to be. */
export type PaperForm = Schema['PaperFormJSON']
export type PaperFound = paths['/api/v1/paper/photos']['post']['responses'][201]['content']['application/json']
