-- What is asked of a provider of payouts again and again, and when next.
create table payout_chore (
    connection_id int not null references connection,
    chore text not null check (chore in ('banks', 'balance', 'reconcile')),
    next_at timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    started_at timestamptz,
    succeeded_at timestamptz,
    failed_at timestamptz,
    problem text,
    primary key (connection_id, chore)
) with (fillfactor = 50);

-- The provider's directory of SBP. A bank that is not in it any more gets no new payouts.
create table payout_bank (
    connection_id int not null references connection,
    member_id text not null check (member_id ~ '^[0-9]{12}$'),
    name text not null check (name <> ''),
    bic text,
    first_seen_at timestamptz not null default clock_timestamp(),
    gone_at timestamptz,
    primary key (connection_id, member_id)
);

-- What the provider said it holds of ours, with what we held and had not sent at that moment.
create table payout_balance (
    connection_id int not null references connection,
    at timestamptz not null default clock_timestamp(),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    balance_minor bigint not null,
    held_minor bigint not null,
    unsent_minor bigint not null,
    primary key (connection_id, at)
);

-- Each comparing of both books. Void: the provider's list was not read to its end, so nothing
-- follows from it, neither that something is missing nor that a difference is gone.
create table payout_reconciliation (
    id bigint generated always as identity primary key,
    connection_id int not null references connection,
    since timestamptz not null,
    until timestamptz not null,
    started_at timestamptz not null,
    finished_at timestamptz not null default clock_timestamp(),
    made_by text not null,
    void_because text,
    ours int not null default 0,
    ours_minor bigint not null default 0,
    theirs int not null default 0,
    theirs_minor bigint not null default 0,
    -- Differences seen, and those of them that were not known before.
    seen int not null default 0,
    new int not null default 0,
    gone int not null default 0,
    -- Two balances within the window, and what left between them by the provider's list.
    balance_from_at timestamptz,
    balance_from_minor bigint,
    balance_to_at timestamptz,
    balance_to_minor bigint,
    left_minor bigint,
    check (since < until)
);
create index on payout_reconciliation (connection_id, id desc);

create table payout_difference (
    id bigint generated always as identity primary key,
    connection_id int not null references connection,
    kind text not null check (kind in ('missing_here', 'missing_there', 'amount', 'currency',
                                       'status', 'duplicate', 'requisites', 'stale')),
    -- The mark of a payout of ours, else the provider's id; and when that came to be.
    subject text not null,
    subject_at timestamptz not null,
    payout_id bigint references payout,
    provider_id text,
    -- Both sides as they were seen last; null: there was none.
    ours jsonb,
    theirs jsonb,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    first_run_id bigint not null references payout_reconciliation,
    last_run_id bigint not null references payout_reconciliation,
    resolved_at timestamptz,
    resolved_by text,
    -- Of a person who looked into it; null: it went away.
    note text,
    check ((resolved_at is null) = (resolved_by is null)),
    check (note is null or resolved_at is not null)
);
create unique index on payout_difference (connection_id, kind, subject) where resolved_at is null;
create index on payout_difference (connection_id, subject);
create index on payout_difference (payout_id) where payout_id is not null;
