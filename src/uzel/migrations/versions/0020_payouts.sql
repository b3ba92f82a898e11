-- Values that may not stand in the journal of calls: an argument there names one of these instead.
-- Sealed, bound to their row, and gone as soon as nobody needs them.
create table vault (
    id bigint generated always as identity primary key,
    sealed bytea not null,
    put_at timestamptz not null default clock_timestamp()
);

-- Those who are paid, as a provider knows them: found or made there once.
create table payee (
    id bigint generated always as identity primary key,
    connection_id int not null references connection,
    -- What makes them the same person to us: a keyed fingerprint of card or phone, with the name.
    fingerprint bytea not null,
    first_name text not null,
    last_name text not null,
    patronymic text,
    phone text,
    reference text,
    -- Whether they are being asked for, and the how many-th time that is.
    asking boolean not null default false,
    asked int not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    unique (connection_id, fingerprint)
);

create table payout (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    connection_id int not null references connection,
    -- What stands in the purpose and is looked for at the provider: nobody else writes such a word.
    mark text not null unique,
    -- The asker's own number: unique for ever, so the same is never paid twice.
    external_id text unique,
    -- Of everything that was asked for, so that another wish under the same number is refused.
    digest bytea not null,
    payee_id bigint not null references payee,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    kind text not null check (kind in ('card', 'fps')),
    purpose text not null,
    phone text,
    bank_id text,
    bank_name text,
    -- Of a card what may be shown; the number itself lies in the vault until it was taken.
    card_shown text,
    card_fingerprint bytea,
    vault_id bigint references vault on delete set null,
    details jsonb not null default '{}',
    state text not null check (state in ('waiting', 'unknown', 'processing', 'review', 'paid',
                                         'failed', 'cancelled', 'returned')),
    -- The provider's own id and word for where it is, as they came.
    provider_id text,
    provider_status text,
    error text,
    -- The how many-th calls for sending it and for asking after it.
    sent int not null default 0,
    looked int not null default 0,
    -- [hold, legs] for the money and for each limit; what is posted once it is paid.
    holds jsonb not null,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    check ((kind = 'card') = (card_shown is not null)),
    check ((kind = 'fps') = (bank_id is not null))
);
create unique index on payout (connection_id, provider_id) where provider_id is not null;
create index on payout (state, id desc);
create index on payout (created_at);

-- Each step: who or what moved it on, when, and why.
create table payout_step (
    payout_id bigint not null references payout,
    number int not null,
    state text not null,
    at timestamptz not null default clock_timestamp(),
    made_by text not null,
    reason text,
    primary key (payout_id, number)
);
create trigger append_only before update or delete or truncate on payout_step
    for each statement execute function ledger_refuse();

-- How much may leave, in minor units; null: no such limit. Changes count from the next day on.
create table payout_rules (
    connection_id int primary key references connection,
    payout_minor bigint check (payout_minor >= 0),
    person_day_minor bigint check (person_day_minor >= 0),
    day_minor bigint check (day_minor >= 0),
    updated_at timestamptz not null default clock_timestamp()
);

-- One key, sealed, by which cards and phones are known again.
create table payout_key (
    one boolean primary key default true check (one),
    sealed bytea not null
);

-- The switch: while there is a row without `ended_at`, no payout leaves.
create table payout_stop (
    id int generated always as identity primary key,
    reason text not null,
    made_by text not null,
    made_at timestamptz not null default clock_timestamp(),
    ended_by text,
    ended_at timestamptz
);
create unique index on payout_stop ((true)) where ended_at is null;
