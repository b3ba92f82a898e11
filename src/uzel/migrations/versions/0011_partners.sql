-- Who may use the partner API, what they pay and what they send.

create table partner (
    id int generated always as identity primary key,
    -- As partners know themselves: partner_ and some hex digits.
    public_id text not null unique,
    name text not null check (name <> ''),
    -- Of the balance; settled with the first account.
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- Typed by uzel.partners.settings.
    settings jsonb not null default '{}',
    -- Sealed: what signs the webhooks.
    secrets bytea,
    state text not null default 'active' check (state in ('active', 'off')),
    -- The balance, and that of the test tokens.
    account_id int not null unique references ledger_account,
    test_account_id int not null unique references ledger_account,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index partner_name on partner (lower(name));

create table partner_token (
    id int generated always as identity primary key,
    partner_id int not null references partner,
    name text not null,
    -- SHA-256; the token itself is shown once and not kept.
    hash bytea not null unique,
    -- Its first characters, to tell tokens apart.
    prefix text not null,
    scopes text[] not null,
    is_test boolean not null,
    created_at timestamptz not null default now(),
    created_by text,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
create index on partner_token (partner_id);

-- An answer that is given again, byte for byte, to whoever asks the same again.
create table partner_request (
    partner_id int not null references partner,
    book text not null,
    key text not null,
    -- SHA-256 of what was asked, as it was understood.
    fingerprint bytea not null,
    status smallint not null,
    body bytea not null,
    created_at timestamptz not null default now(),
    primary key (partner_id, book, key)
);

create table payment (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    partner_id int not null references partner,
    book text not null check (book in ('live', 'test')),
    kind text not null check (kind in ('payment', 'lead')),
    -- The partner's own number of it.
    external_id text,
    -- What is to be paid, and what the partner pays for it; the parts as they were priced.
    amount numeric not null check (amount >= 0),
    currency text not null,
    cost_minor bigint not null check (cost_minor >= 0),
    balance_currency text not null,
    commission_minor bigint not null,
    rate numeric not null,
    rate_id bigint,
    -- {"legs": [[account, minor units], …]}: what is posted once it is done.
    legs jsonb not null,
    state text not null check (state in ('pending', 'completed', 'failed')),
    -- Available before and after it was taken in.
    before_minor bigint not null,
    after_minor bigint not null,
    details text,
    error text,
    hold_id bigint unique references ledger_hold,
    entry_id bigint unique references ledger_entry,
    refund_id bigint unique references ledger_entry,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (partner_id, book, external_id)
);
create index on payment (partner_id, book, id desc);
create index on payment (created_at) where state = 'pending';

-- Who moved a payment on, when, and why.
create table payment_step (
    payment_id bigint not null references payment,
    number smallint not null,
    state text not null,
    at timestamptz not null default now(),
    made_by text,
    reason text,
    primary key (payment_id, number)
);
create trigger append_only before update or delete or truncate on payment_step
    for each statement execute function ledger_refuse();
