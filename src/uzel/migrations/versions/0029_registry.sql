-- A business's people, companies and projects, behind the web service of a CRM.
create table crm_registry (
    business_id bigint primary key references business,
    -- Whether ИНН, ОГРН, dates and phones that do not hold are refused, or kept and pointed out.
    strict boolean not null default false,
    -- For digests of the codes that people confirmed a phone by, and for challenges; sealed.
    code_key bytea not null,
    created_at timestamptz not null default clock_timestamp()
);

-- Accounts of programs. One address serves all registries: the account says which.
create table crm_user (
    id bigint generated always as identity primary key,
    business_id bigint not null references crm_registry,
    login text not null,
    first_name text not null default '',
    last_name text not null,
    email text not null default '',
    -- Sealed: the protocol asks for a digest of the key itself.
    access_key bytea not null,
    is_admin boolean not null default false,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    -- Until when there is a challenge to answer, in seconds since 1970.
    challenged_until bigint,
    last_login_at timestamptz,
    disabled_at timestamptz
);
create unique index on crm_user (lower(login));
create index on crm_user (business_id, id);

create table crm_session (
    digest bytea primary key,
    user_id bigint not null references crm_user,
    created_at timestamptz not null default clock_timestamp(),
    used_at timestamptz not null default clock_timestamp()
);
create index on crm_session (used_at);
create index on crm_session (user_id);

-- Fields that a registry has beside the usual ones.
create table crm_field (
    business_id bigint not null references crm_registry,
    module text not null,
    name text not null check (name ~ '^cf_[a-z0-9_]{1,60}$'),
    label text not null,
    kind text not null,
    choices jsonb,
    mandatory boolean not null default false,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (business_id, module, name)
);

create table crm_record (
    id bigint generated always as identity primary key,
    business_id bigint not null references crm_registry,
    module text not null,
    -- Field → text, in the form of its kind; a field without a value is not there.
    content jsonb not null default '{}',
    -- The same in the form that comparisons are made in, whatever the language of the database.
    folded jsonb not null default '{}',
    -- What a person or a company is known by.
    phone text,
    inn text,
    -- What does not hold but was kept: a list of {"field", "code", "given"}.
    doubts jsonb not null default '[]',
    owner_id bigint not null references crm_user,
    version int not null default 1,
    source text not null,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    modified_by bigint not null references crm_user,
    modified_at timestamptz not null default clock_timestamp(),
    deleted_at timestamptz,
    merged_into bigint references crm_record
);
-- One person for a phone, one company for an ИНН, whoever writes at the same time.
create unique index crm_record_phone on crm_record (business_id, phone)
    where module = 'Contacts' and deleted_at is null and phone is not null;
create unique index crm_record_inn on crm_record (business_id, inn)
    where module = 'Accounts' and deleted_at is null and inn is not null;
create index on crm_record (business_id, module, id) where deleted_at is null;
create index on crm_record (business_id, module, modified_at, id);
create index on crm_record (business_id, inn) where inn is not null;
create index on crm_record using gin (folded jsonb_path_ops);

-- The newest code by which a person confirmed the phone; keyed, so that nobody can read it off.
create table crm_code (
    record_id bigint primary key references crm_record,
    digest bytea not null,
    given_at timestamptz not null default clock_timestamp()
);

-- Each change of a record: who, by which way, and what was there before.
create table crm_change (
    record_id bigint not null references crm_record,
    version int not null,
    act text not null check (act in ('created', 'changed', 'deleted', 'merged')),
    at timestamptz not null default clock_timestamp(),
    made_by text not null,
    -- Field → [before, after].
    changes jsonb not null,
    primary key (record_id, version)
);

-- Which documents belong to what, and the like.
create table crm_relation (
    left_id bigint not null references crm_record,
    right_id bigint not null references crm_record,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (left_id, right_id)
);
create index on crm_relation (right_id);

-- The file of a document. Its path stays, whatever is put in its place.
create table crm_file (
    document_id bigint primary key references crm_record,
    business_id bigint not null references crm_registry,
    path text not null unique,
    -- The newest version; those before it are kept.
    version int not null default 1
);

create table crm_file_version (
    id bigint generated always as identity primary key,
    document_id bigint not null references crm_file,
    version int not null,
    -- As whoever sent it called it.
    name text not null,
    media_type text not null,
    size bigint not null,
    sha256 bytea not null,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    unique (document_id, version)
);

-- A mebibyte at a time, so that nobody has to hold a whole file.
create table crm_file_part (
    version_id bigint not null references crm_file_version,
    number int not null,
    body bytea not null,
    primary key (version_id, number)
);
alter table crm_file_part alter column body set storage external;

-- Forms of a site, which post without a session.
create table crm_form (
    id bigint generated always as identity primary key,
    business_id bigint not null references crm_registry,
    public_id text not null unique,
    name text not null,
    module text not null,
    -- A list of {"name", "label", "mandatory", "value"}; what has a value is never asked for.
    fields jsonb not null,
    -- Labels of the files that belong to it, in their order.
    files jsonb not null default '[]',
    return_url text,
    -- Whether what is known of a person is replaced by what the form says.
    replaces boolean not null default false,
    -- Whether the phone has to be confirmed by a code that Uzel sent.
    confirms boolean not null default false,
    owner_id bigint not null references crm_user,
    disabled_at timestamptz,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    unique (business_id, name)
);

-- Codes that were sent to phones, for forms that have them confirmed. The code itself is not here.
create table crm_phone_code (
    id bigint generated always as identity primary key,
    business_id bigint not null references crm_registry,
    phone text not null,
    digest bytea not null,
    -- Who asked for it.
    address text not null,
    sent_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    wrong int not null default 0,
    confirmed_at timestamptz
);
create index on crm_phone_code (business_id, phone, id desc);
create index on crm_phone_code (address, sent_at);
create index on crm_phone_code (business_id, sent_at);
