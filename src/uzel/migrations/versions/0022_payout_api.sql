-- A token for payouts may be good for one connection only.
alter table api_token add column connection_id int references connection;

-- When the provider was asked by the way: for a program that wants to know, or after a hint.
alter table payout add column asked_at timestamptz;
create index on payout (connection_id, id desc);
create index on payout (provider_id) where provider_id is not null;

-- How payouts of a connection are asked for by programs.
create table payout_door (
    connection_id int primary key references connection,
    -- Signs callbacks and checks events; sealed. The one before it is good until `old_until`.
    secret bytea,
    old_secret bytea,
    old_until timestamptz,
    -- Whether somebody may be paid whom the request does not name.
    nameless boolean not null default false
);

-- Where callbacks go: a connection for each server, so that one that is down holds up no other.
create table payout_receiver (
    connection_id int not null references connection,
    base_url text not null,
    receiver_id int not null unique references connection,
    primary key (connection_id, base_url)
);

-- What a program said of a payout beside what is to be paid.
create table payout_request (
    payout_id bigint primary key references payout,
    token_id int not null references api_token,
    user_id text,
    receiver_id int references connection,
    callback_url text,
    -- Of the address what follows the server.
    callback_path text,
    metadata jsonb not null default '{}',
    updated_at timestamptz not null default clock_timestamp(),
    check ((callback_url is null) = (callback_path is null)),
    check ((callback_url is null) = (receiver_id is null))
);
create index on payout_request (user_id, payout_id desc) where user_id is not null;

-- What was answered under an Idempotency-Key; `digest` is keyed: a card number is part of it.
create table payout_answer (
    token_id int not null references api_token,
    key text not null,
    digest bytea not null,
    payout_id bigint not null references payout,
    answer text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (token_id, key)
);
create index on payout_answer (created_at);

-- What is told of a payout, one after the other: the next one leaves when this one has arrived, or
-- was given up.
create table payout_callback (
    id bigint generated always as identity primary key,
    payout_id bigint not null references payout_request,
    number int not null,
    event text not null,
    body text not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'planned', 'delivered', 'failed')),
    created_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    unique (payout_id, number)
);
create unique index on payout_callback (payout_id) where state = 'planned';

-- A bill that one payout pays, once. `paid` is no state of its own: it is that of the payout.
create table payout_invoice (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    connection_id int not null references connection,
    token_id int not null references api_token,
    external_id text unique,
    user_id text,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    description text not null,
    metadata jsonb not null default '{}',
    state text not null check (state in ('draft', 'open', 'cancelled')),
    payout_id bigint unique references payout,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);

-- What came to POST /konsol/webhook: what it said, whether it was signed, what followed.
create table payout_notice (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    kind text not null check (kind in ('event', 'callback', 'other')),
    event text,
    payment text,
    payout_id bigint references payout,
    connection_id int references connection,
    signature text not null check (signature in ('good', 'bad', 'none')),
    outcome text not null,
    digest bytea not null,
    -- Without anything that looks like a card or a phone.
    body text not null
);
create unique index on payout_notice (digest) where signature = 'good';
create index on payout_notice (at);
