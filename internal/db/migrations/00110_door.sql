-- +goose Up

-- A way in for one person, used once. Token and code are kept as hashes.
CREATE TABLE invitation (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL REFERENCES person (id),
	made_by      TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	token_hash   TEXT NOT NULL,              -- of what the picture carries
	locator      TEXT NOT NULL,              -- first digits of the code: which invitation
	code_hash    TEXT NOT NULL,              -- of the rest
	wrong        BIGINT NOT NULL DEFAULT 0,  -- wrong codes so far
	used_at      BIGINT NOT NULL DEFAULT 0,
	ended_at     BIGINT NOT NULL DEFAULT 0   -- taken back, or followed by another
);
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);
CREATE UNIQUE INDEX invitation_locator ON invitation (locator) WHERE used_at = 0 AND ended_at = 0;
CREATE INDEX invitation_person ON invitation (person_id) WHERE used_at = 0 AND ended_at = 0;

-- A telephone that a person logs in on with a PIN. Of its secret only hashes are kept; the PIN is
-- hashed together with the secret.
CREATE TABLE device (
	id            TEXT PRIMARY KEY,
	jurisdiction  TEXT NOT NULL,
	person_id     TEXT NOT NULL REFERENCES person (id),
	invitation_id TEXT NOT NULL,
	name          TEXT NOT NULL,               -- what the browser calls itself
	secret_hash   TEXT NOT NULL,
	pin_hash      TEXT NOT NULL,
	rotor         TEXT NOT NULL,               -- makes the next secret of the one before
	next_hash     TEXT NOT NULL DEFAULT '',    -- handed out, not yet seen again
	next_pin      TEXT NOT NULL DEFAULT '',
	spent_hash    TEXT NOT NULL DEFAULT '',    -- whoever still has it has a copy
	wrong         BIGINT NOT NULL DEFAULT 0,   -- wrong PINs since the last right one
	bound_at      BIGINT NOT NULL,
	seen_at       BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL,
	ended_at      BIGINT NOT NULL DEFAULT 0,
	ended_why     TEXT NOT NULL DEFAULT ''     -- lost, replaced, copied
);
CREATE INDEX device_person ON device (person_id) WHERE ended_at = 0;

-- What a session hangs on besides its person: the telephone, or the log-in at another system.
CREATE TABLE session_tie (
	tie        TEXT NOT NULL,
	session_id TEXT NOT NULL,
	at         BIGINT NOT NULL,
	PRIMARY KEY (tie, session_id)
) {clustered};
CREATE INDEX session_tie_session ON session_tie (session_id);

CREATE INDEX delegation_jurisdiction ON delegation (jurisdiction, valid_until);

-- Who somebody is at an outside OpenID Connect provider.
CREATE TABLE outside_identity (
	issuer       TEXT NOT NULL,
	subject      TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL REFERENCES person (id),
	linked_at    BIGINT NOT NULL,
	PRIMARY KEY (issuer, subject)
) {clustered};
CREATE UNIQUE INDEX outside_identity_person ON outside_identity (issuer, person_id);

-- A log-in at a provider that has begun. Taken away when it ends.
CREATE TABLE outside_login (
	state_hash  TEXT PRIMARY KEY,
	cookie_hash TEXT NOT NULL,
	provider    TEXT NOT NULL,
	nonce       TEXT NOT NULL,
	verifier    TEXT NOT NULL,               -- PKCE, RFC 7636
	target      TEXT NOT NULL,               -- where the browser wanted to go
	expires_at  BIGINT NOT NULL
) {clustered};
