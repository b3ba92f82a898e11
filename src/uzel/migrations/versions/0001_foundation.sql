-- A business is who sends and pays; places, templates and rules belong to it.
create table business (
    id bigint generated always as identity primary key,
    name text not null,
    time_zone text not null default 'Europe/Moscow',
    request_gap_days int not null default 30 check (request_gap_days between 0 and 3650),
    created_at timestamptz not null default now()
);

create table place (
    id bigint generated always as identity primary key,
    business_id bigint not null references business,
    name text not null,
    review_url text not null,
    -- The source's own id of the place (iiko: organizationId); null: the business's default place.
    source_ref text,
    created_at timestamptz not null default now(),
    unique nulls not distinct (business_id, source_ref)
);

-- Saving a template adds a row; the newest of a purpose and channel is in use, messages name theirs.
create table template (
    id bigint generated always as identity primary key,
    business_id bigint not null references business,
    purpose text not null,
    channel text not null,
    body text not null,
    created_at timestamptz not null default now()
);
create index on template (business_id, purpose, channel, id desc);

create table connection (
    id int generated always as identity primary key,
    business_id bigint not null references business,
    connector text not null,
    name text not null,
    settings jsonb not null default '{}',
    -- Sealed JSON of the secret fields, bound to this row.
    secrets bytea,
    -- SHA-256 of the webhook key; the key itself is shown once and not kept.
    key_hash bytea unique,
    rate_per_s real check (rate_per_s > 0),
    state text not null default 'active' check (state in ('active', 'paused', 'off')),
    state_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (connector, name)
);

-- One row per incoming request that passed the door. No foreign key to connection: rows of that
-- table are never deleted, and the check would cost every webhook a lookup.
create table raw_event (
    id bigint generated always as identity primary key,
    connection_id int not null,
    digest bytea not null,
    received_at timestamptz not null default now(),
    remote_addr text,
    query text not null default '',
    headers text not null default '{}',
    body bytea not null,
    state text not null default 'received' check (state in ('received', 'processed', 'parked')),
    error text,
    replays int not null default 0,
    processed_at timestamptz
) with (
    fillfactor = 90,
    -- Bodies up to a page stay in the row as they came: compressing each costs more than it saves.
    toast_tuple_target = 8160,
    -- Rows are only ever added, and touched once.
    autovacuum_vacuum_insert_scale_factor = 0.2
);
create unique index raw_event_digest on raw_event (connection_id, digest);
create index raw_event_open on raw_event (id) where state <> 'processed';

-- One row per element of a processed raw event.
create table event (
    id bigint generated always as identity primary key,
    raw_event_id bigint not null,
    position int not null,
    connection_id int not null,
    type text not null,
    key text,
    subject text,
    phone text,
    occurred_at timestamptz,
    data jsonb,
    decision text not null default 'pending'
        check (decision in ('pending', 'request', 'skip', 'cancel', 'noted')),
    reason text,
    duplicate_of bigint,
    created_at timestamptz not null default now(),
    unique (raw_event_id, position)
);
-- An event that led to nothing does not use its key up: the next one about the same thing may.
create unique index event_key on event (connection_id, key)
    where key is not null and decision <> 'skip';
create index event_phone on event (phone, id) where phone is not null;
-- The last word of a subject: `118` of `заказ 118`.
create index event_label on event (split_part(subject, ' ', -1), id)
    where subject is not null;
-- What the other side calls the visit or message; of `organization:order` the order.
create index event_thing on event
    (split_part(coalesce(data ->> 'visit', data ->> 'reference'), ':', -1), id)
    where data is not null;
create index event_reason on event (reason, id) where reason is not null;
create index event_type on event (type, id);
create index event_connection on event (connection_id, id);
create index event_undecided on event (id) where decision = 'pending';

-- One row per visit, whatever the number of events about it.
create table review_request (
    id bigint generated always as identity primary key,
    business_id bigint not null references business,
    connection_id int not null,
    visit text not null,
    place_id bigint references place,
    event_id bigint not null,
    phone text,
    state text not null check (state in ('asked', 'cancelled')),
    reason text,
    occurred_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (connection_id, visit)
);
create index review_request_event on review_request (event_id);

-- When a phone was last asked: one row per business and phone, so that two visits at the same
-- moment cannot both pass.
create table review_gap (
    business_id bigint not null,
    phone text not null,
    asked_at timestamptz not null,
    request_id bigint not null,
    primary key (business_id, phone)
);

create table message (
    id bigint generated always as identity primary key,
    business_id bigint not null references business,
    connection_id int not null references connection,
    purpose text not null,
    -- Who asked for it: unique, so the same reason never makes two messages.
    origin text not null unique,
    event_id bigint,
    channel text not null,
    phone text not null,
    body text not null,
    encoding text not null,
    segments int not null,
    template_id bigint references template,
    state text not null default 'planned' check (state in
        ('planned', 'accepted', 'delivered', 'failed', 'unknown', 'cancelled')),
    state_reason text,
    reference text,
    cost_minor bigint,
    currency text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    accepted_at timestamptz,
    settled_at timestamptz,
    -- When the provider was last asked what became of it.
    asked_at timestamptz
);
create index message_worth_asking on message (connection_id, accepted_at)
    where reference is not null and (cost_minor is null or state = 'accepted');
create index message_reference on message (connection_id, reference) where reference is not null;
create index message_phone on message (phone, id);
create index message_event on message (event_id);
create index message_state on message (state, id);

-- Receipts that arrived before the answer to the send did.
create table early_receipt (
    connection_id int not null,
    reference text not null,
    receipt jsonb not null,
    occurred_at timestamptz,
    arrived_at timestamptz not null default now()
);
create index early_receipt_reference on early_receipt (connection_id, reference);

-- The journal of outward calls: written before the call, closed after it.
create table call (
    id bigint generated always as identity primary key,
    connection_id int not null references connection,
    operation text not null,
    arguments jsonb not null,
    -- What the call is for (`message:17`): unique, so one effect has one call for ever.
    effect text not null unique,
    state text not null default 'planned' check (state in
        ('planned', 'sending', 'accepted', 'rejected', 'not_sent', 'unknown', 'cancelled')),
    attempt int not null default 0,
    due_at timestamptz not null default now(),
    worker uuid,
    started_at timestamptz,
    finished_at timestamptz,
    error_class text,
    code text,
    detail text,
    http_status int,
    reference text,
    answer jsonb,
    history jsonb not null default '[]',
    -- The webhook this follows from (`raw-17`), the same word in every log line on the way.
    request_id text,
    decided_by text,
    decided_at timestamptz,
    created_at timestamptz not null default now()
) with (fillfactor = 80);
create index call_planned on call (connection_id, due_at, id) where state = 'planned';
create index call_sending on call (started_at) where state = 'sending';
create index call_unknown on call (id desc) where state = 'unknown';
create index call_ended_badly on call (id desc)
    where state in ('rejected', 'not_sent', 'cancelled');
create index call_connection on call (connection_id, id);
create index call_request on call (request_id);

-- Limiter: theoretical arrival time of the next call (GCRA). Breaker: when we may ask again.
create table call_limit (
    connection_id int primary key references connection,
    next_at timestamptz not null default now()
) with (fillfactor = 50);
create table call_breaker (
    connection_id int primary key references connection,
    failures int not null default 0,
    open_until timestamptz,
    trial_at timestamptz,
    reason text,
    changed_at timestamptz not null default now()
) with (fillfactor = 50);

-- Living workers; a `sending` call of a worker that is gone has an unknown outcome.
create table worker (
    id uuid primary key,
    name text not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);

-- Requests turned away at the door, a counter per day.
create table refusal (
    day date not null,
    connector text not null,
    reason text not null,
    count bigint not null,
    primary key (day, connector, reason)
);

create table person (
    id bigint generated always as identity primary key,
    login text not null unique,
    password_hash text not null,
    role text not null default 'operator' check (role in ('operator', 'admin')),
    disabled_at timestamptz,
    created_at timestamptz not null default now()
);
create table session (
    token_hash bytea primary key,
    person_id bigint not null references person on delete cascade,
    csrf text not null,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create table sign_in_failure (
    bucket text primary key,
    failures int not null,
    last_at timestamptz not null
);
create table api_token (
    id bigint generated always as identity primary key,
    name text not null,
    token_hash bytea not null unique,
    scopes text[] not null default '{read}',
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
-- What people did, for ever.
create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text,
    detail jsonb not null default '{}'
);
create index audit_subject on audit (subject, id) where subject is not null;
