-- What a person and the bot are at in a chat.
create table claim_dialogue (
    connection_id int not null references connection,
    chat_id bigint not null,
    user_id bigint not null,
    step text not null default 'idle',
    claim_id bigint references claim,
    -- What was said and has no place in a claim yet. Never the number of a card.
    answers jsonb not null default '{}',
    version int not null default 0,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (connection_id, chat_id, user_id)
);

-- Files that people sent, to be fetched and kept with the claim.
create table claim_chat_file (
    id bigint generated always as identity primary key,
    claim_id bigint not null references claim,
    connection_id int not null references connection,
    chat_id bigint not null,
    file_id text not null,
    kind text not null,
    made_by text not null,
    state text not null default 'waiting' check (state in ('waiting', 'kept', 'refused')),
    attempts int not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    unique (claim_id, file_id)
);
create index on claim_chat_file (due_at) where state = 'waiting';

-- Messages that show a claim to those who decide.
create table claim_announcement (
    id bigint generated always as identity primary key,
    claim_id bigint not null references claim,
    connection_id int not null references connection,
    chat_id bigint not null,
    -- None until the messenger told it.
    message_id bigint,
    -- What it shows, or will as soon as the call under way ends.
    shown text not null,
    nth int not null default 0,
    is_busy boolean not null default true,
    -- It cannot be changed any more.
    is_gone boolean not null default false,
    made_at timestamptz not null default clock_timestamp()
);
create index on claim_announcement (claim_id);

-- Single use, short-lived: whoever sends it from a messenger is this person there.
create table person_link_code (
    code_hash bytea primary key,
    person_id bigint not null references person,
    expires_at timestamptz not null
);

-- Why the bot cannot write to them.
alter table claimant add column unreachable_reason text;
alter table claimant add column unreachable_at timestamptz;
alter table claimant add check ((unreachable_at is null) = (unreachable_reason is null));
