-- What a payment would cost a partner, exactly, for some minutes. Never changed: a quote is used when
-- there is a payment that names it. Those that nobody used are deleted a day later.

create table quote (
    id bigint generated always as identity primary key,
    public_id text not null unique,
    partner_id int not null references partner,
    book text not null check (book in ('live', 'test')),
    amount numeric not null check (amount > 0),
    currency text not null,
    -- All parts as they were priced; see partners/price.py.
    balance_currency text not null,
    cost_minor bigint not null check (cost_minor >= 0),
    exchange_minor bigint not null,
    commission_minor bigint not null,
    paid_minor bigint not null,
    rate numeric not null,
    rate_id bigint,
    commission_percent numeric not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index on quote (expires_at);

alter table payment add column quote_id bigint unique references quote;
