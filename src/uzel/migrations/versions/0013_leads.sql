-- Leads are tasks for those who pay links: robots, and people at the table of leads.

-- Who works on leads by HTTP.
create table robot (
    id int generated always as identity primary key,
    name text not null check (name <> ''),
    -- SHA-256; the token itself is shown once and not kept.
    hash bytea not null unique,
    prefix text not null,
    is_test boolean not null,
    created_at timestamptz not null default now(),
    created_by text,
    revoked_at timestamptz,
    last_used_at timestamptz
);
create unique index robot_name on robot (lower(name)) where revoked_at is null;

create table lead (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    book text not null check (book in ('live', 'test')),
    -- One of the two: whose it is.
    partner_id int references partner,
    connection_id int references connection,
    -- The partner's own number of it, or the deal's at the CRM.
    external_id text not null,
    -- What robots call it: the number above where it cannot be taken for another's.
    deal_id text not null,
    payment_url text,
    -- What the partner sent beside that, as it came.
    data jsonb not null default '{}',
    state text not null default 'new' check (state in ('new', 'done', 'failed')),
    -- Counts changes of the link.
    version int not null default 1,
    leased_by int references robot,
    leased_until timestamptz,
    -- Of a deal: when the CRM changed it, as of the newest that was told; what is older changes nothing.
    told_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((partner_id is null) <> (connection_id is null)),
    unique (book, deal_id),
    unique (partner_id, book, external_id),
    unique (connection_id, external_id)
);
create index on lead (book, id) where state = 'new';
create index on lead (book, external_id);
create index on lead (partner_id, book, id) where partner_id is not null;

-- What a partner pays for a lead; one that failed and was done later is paid for again.
alter table payment add column lead_id bigint references lead;
create index on payment (lead_id) where lead_id is not null;

-- What happened to a lead, and who did it.
create table lead_step (
    lead_id bigint not null references lead,
    number int not null,
    at timestamptz not null default now(),
    what text not null check (what in ('received', 'link', 'done', 'failed', 'uncharged', 'edited')),
    details jsonb not null default '{}',
    made_by text,
    primary key (lead_id, number)
);

create table lead_report (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    -- As it was given; `lead_id` where there is such a lead.
    deal_id text not null,
    lead_id bigint references lead,
    book text not null check (book in ('live', 'test')),
    robot_id int references robot,
    made_by text,
    is_success boolean not null,
    status text not null,
    -- Read from what was sent; null where nothing was, or it could be read in two ways.
    amount numeric,
    currency text,
    email text,
    card text,
    -- All that was sent, as it came, without the token.
    data jsonb not null,
    -- What became of it at the CRM, and the words for it.
    crm_state text not null check (crm_state in ('waiting', 'success', 'failed', 'skipped')),
    crm_message text,
    crm_at timestamptz,
    -- What the CRM is being asked for it: how its account is set up, or to take it; null: it waits
    -- for its turn, or all is done. Each asking has its own number.
    crm_step text check (crm_step in ('know', 'write')),
    crm_tries int not null default 0,
    crm_begun_at timestamptz,
    created_at timestamptz not null default now()
);
create index on lead_report (lead_id, id);
create index on lead_report (book, id desc);
create index on lead_report (id) where crm_state = 'waiting';

-- The CRM whose deals are leads, and how they are read and written; typed by its flow.
create table lead_crm (
    connection_id int primary key references connection,
    settings jsonb not null default '{}',
    -- Fields and stages of the account as it was last asked for them.
    known jsonb not null default '{}',
    known_at timestamptz,
    updated_at timestamptz not null default now()
);
