package main

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3" // the C driver, as refsrv

	"gezhi/internal/id"
)

// plain is double entry in one statement: a row of the transaction, two postings, one balance.
func plain(ctx context.Context, url string) (func(*rand.Rand) error, func()) {
	cfg, err := pgxpool.ParseConfig(url)
	check(err)
	cfg.MaxConns = 16
	p, err := pgxpool.NewWithConfig(ctx, cfg)
	check(err)
	_, err = p.Exec(ctx, `
drop table if exists l_posting; drop table if exists l_tx; drop table if exists l_balance;
create table l_tx(id bigint generated always as identity primary key, at timestamptz not null default now(), idem text not null unique, reason text not null, meta jsonb not null);
create table l_posting(tx bigint not null, account int not null, amount bigint not null, primary key(tx,account));
create index l_posting_account on l_posting(account,tx);
create table l_balance(account int primary key, balance bigint not null, version bigint not null default 0) with (fillfactor=70);
insert into l_balance select g,0,0 from generate_series(0,10000) g;`, pgx.QueryExecModeSimpleProtocol)
	check(err)
	const text = `with b as (update l_balance set balance=balance+$2, version=version+1 where account=$1 returning account), t as (insert into l_tx(idem,reason,meta) values($3,'patrol','{"case":"1"}') returning id), p as (insert into l_posting(tx,account,amount) select t.id,x.a,x.m from t, (values (0,-$2::bigint),($1::int,$2::bigint)) x(a,m)) select id from t`
	return func(rng *rand.Rand) error {
		n := 0
		return p.QueryRow(ctx, text, 1+rng.IntN(10000), 1+rng.IntN(50), id.New()).Scan(&n)
	}, p.Close
}

// create is refsrv's create of a case, many in one transaction, without HTTP.
func create(path string) (func(*rand.Rand) error, func()) {
	for _, x := range []string{"", "-wal", "-shm"} {
		os.Remove(path + x)
	}
	w, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_cache_size=-65536")
	check(err)
	w.SetMaxOpenConns(1)
	_, err = w.Exec(`
create table cases(id integer primary key, tenant int not null, title text not null, body text not null, category text not null, grid int not null, priority int not null, status text not null, reporter text not null, attrs text not null, created_at int not null, due_at int not null, version int not null default 1);
create index cases_queue on cases(tenant,status,due_at);
create index cases_grid on cases(tenant,grid,created_at);
create table case_event(id integer primary key, case_id int not null, kind text not null, actor text not null, at int not null, data text not null);
create index case_event_case on case_event(case_id,id);
create table job(id integer primary key, case_id int not null, kind text not null, state int not null default 0, run_at int not null, attempts int not null default 0);
create index job_due on job(run_at) where state=0;
create index job_case on job(case_id);
create table counter(tenant int, name text, value int not null default 0, primary key(tenant,name)) without rowid;
insert into counter values(1,'cases',0);`)
	check(err)
	waiting := make(chan chan error, 1024)
	go write(w, waiting)
	return func(*rand.Rand) error {
		done := make(chan error, 1)
		waiting <- done
		return <-done
	}, func() { w.Close() }
}

// write commits whatever waits together.
func write(w *sql.DB, waiting chan chan error) {
	c, err := w.Conn(context.Background())
	check(err)
	prepare := func(text string) *sql.Stmt {
		st, err := c.PrepareContext(context.Background(), text)
		check(err)
		return st
	}
	begin, commit := prepare("begin immediate"), prepare("commit")
	all := []*sql.Stmt{prepare(`insert into cases(tenant,title,body,category,grid,priority,status,reporter,attrs,created_at,due_at) values(1,?,?,?,?,?,?,?,?,?,?)`),
		prepare(`insert into case_event(case_id,kind,actor,at,data) values(?,?,?,?,?)`), prepare(`insert into job(case_id,kind,run_at) values(?,'sla',?)`), prepare(`update counter set value=value+1 where tenant=1 and name='cases'`)}
	var group []chan error
	for first := range waiting {
		group = append(group[:0], first)
		for more := true; more && len(group) < 128; {
			select {
			case next := <-waiting:
				group = append(group, next)
			default:
				more = false
			}
		}
		run := func(st *sql.Stmt, args ...any) sql.Result {
			r, err := st.Exec(args...)
			check(err)
			return r
		}
		run(begin)
		for range group {
			now := time.Now().UnixMilli()
			n, err := run(all[0], "a street lamp is out", "beside the bridge, for three days", "lamp", rand.IntN(500), 2, "open", "person", `{"a":"b"}`, now, now+86400000).LastInsertId()
			check(err)
			run(all[1], n, "created", "person", now, `{"to":"open"}`)
			run(all[2], n, now+86400000)
			run(all[3])
		}
		run(commit)
		for _, done := range group {
			done <- nil
		}
	}
}
