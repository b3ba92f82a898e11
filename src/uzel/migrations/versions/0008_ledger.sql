-- Money, by double entry. Amounts are whole minor units of the account's currency; positive: to the
-- account, negative: from it. What a partner has paid in stands on an account of the partner's as a
-- positive balance, with the opposite on an account of the house.

create table ledger_account (
    id int generated always as identity primary key,
    -- Tests have a book of their own: no entry touches two books.
    book text not null check (book in ('live', 'test')),
    name text not null check (name <> ''),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null default now(),
    unique (book, name, currency)
);

-- Where an account stands: derived from its postings and holds, and the lock for both.
create table ledger_balance (
    account_id int primary key references ledger_account,
    posted_minor bigint not null default 0,
    held_minor bigint not null default 0 check (held_minor >= 0),
    -- Number of postings so far, and when the last one was made.
    version bigint not null default 0,
    posted_at timestamptz not null default 'epoch',
    -- What is available may not fall below this: zero, or minus the credit; null: it may.
    floor_minor bigint check (floor_minor <= 0),
    check (floor_minor is null or posted_minor - held_minor >= floor_minor)
) with (fillfactor = 40);

create table ledger_entry (
    id bigint generated always as identity primary key,
    kind text not null,
    -- Whoever makes the same entry again finds it made.
    origin text not null unique,
    created_at timestamptz not null,
    made_by text,
    reason text,
    -- The entry that this one takes back: once.
    reverses_id bigint unique references ledger_entry,
    details jsonb
);

create table ledger_posting (
    -- That both are there, and stay, is seen to by the triggers below: a foreign key looks at each
    -- row by itself.
    entry_id bigint not null,
    leg smallint not null,
    account_id int not null,
    amount_minor bigint not null check (amount_minor <> 0),
    -- Of the account, after this posting, which is its `version`th.
    balance_minor bigint not null,
    version bigint not null,
    posted_at timestamptz not null,
    primary key (entry_id, leg),
    unique (account_id, version)
);
-- The balance at any past moment is one look into this index.
create index ledger_posting_time on ledger_posting (account_id, posted_at desc, version desc)
    include (balance_minor);

-- Money that is spoken for. What became of it stands in ledger_hold_end.
create table ledger_hold (
    id bigint generated always as identity primary key,
    account_id int not null references ledger_account,
    amount_minor bigint not null check (amount_minor > 0),
    kind text not null,
    origin text not null unique,
    expires_at timestamptz,
    created_at timestamptz not null,
    details jsonb
);
create index on ledger_hold (account_id, id);
create index on ledger_hold (expires_at) where expires_at is not null;

-- A hold ends once: taken, in whole or in part, or given back.
create table ledger_hold_end (
    hold_id bigint primary key references ledger_hold,
    how text not null check (how in ('posted', 'released', 'expired')),
    -- What was taken; the rest is available again.
    taken_minor bigint not null check (taken_minor >= 0),
    entry_id bigint unique references ledger_entry,
    ended_at timestamptz not null,
    made_by text,
    reason text,
    check ((how = 'posted') = (entry_id is not null)),
    check ((how = 'posted') = (taken_minor > 0))
);

-- Links of a chain over the entries, made beside the posting path: each digest covers the one
-- before it and all entries up to `last_entry_id` with their postings; see ledger/seal.py.
create table ledger_seal (
    id bigint generated always as identity primary key,
    last_entry_id bigint not null unique,
    entries int not null,
    digest bytea not null,
    sealed_at timestamptz not null default now()
);

create function ledger_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: correct by another entry', tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;

do $$
declare
    name text;
begin
    foreach name in array array['ledger_account', 'ledger_entry', 'ledger_posting', 'ledger_hold',
                                'ledger_hold_end', 'ledger_seal'] loop
        execute format('create trigger append_only before update or delete or truncate on %I '
                       'for each statement execute function ledger_refuse()', name);
    end loop;
end $$;

-- All postings of an entry come in one statement: they add up to zero in each currency, stay in one
-- book, and each account's go on where its last one stopped.
create function ledger_check_postings() returns trigger language plpgsql as $$
declare
    wrong text;
begin
    with posting as materialized (
        select p.entry_id, p.leg, p.account_id, p.amount_minor, p.version, p.posted_at,
               p.balance_minor, a.book, a.currency, e.id is not null as has_entry,
               p.balance_minor - p.amount_minor as before
          from added p
          left join ledger_account a on a.id = p.account_id
          left join ledger_entry e on e.id = p.entry_id
    ), running as (
        select *, lag(version) over w as last, lag(balance_minor) over w as balance,
               lag(posted_at) over w as at
          from posting window w as (partition by account_id order by version)
    )
    select case
        when exists (select 1 from posting group by entry_id, currency
                     having sum(amount_minor) <> 0)
        then 'postings do not add up to zero'
        -- A second lot for one entry would have no leg 0 to begin with.
        when exists (select 1 from posting group by entry_id
                     having count(*) < 2 or min(leg) <> 0 or min(book) <> max(book)
                         or count(book) <> count(*) or not bool_and(has_entry))
        then 'postings that are not one whole entry in one book'
        when exists (
            select 1 from running r
             where case when last is not null
                        then last <> version - 1 or balance <> before or at > posted_at
                        when version = 1 then before <> 0
                        else not exists (select 1 from ledger_posting o
                                          where o.account_id = r.account_id
                                            and o.version = r.version - 1
                                            and o.balance_minor = r.before
                                            and o.posted_at <= r.posted_at) end)
        then 'a posting does not go on where the last one stopped'
        end into wrong;
    if wrong is not null then
        raise exception '%', wrong using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

create trigger whole after insert on ledger_posting referencing new table as added
    for each statement execute function ledger_check_postings();

create function ledger_check_balances() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from changed b
         where b.version > 0
           and not exists (select 1 from ledger_posting p
                            where p.account_id = b.account_id and p.version = b.version
                              and p.balance_minor = b.posted_minor)
            or b.version = 0 and b.posted_minor <> 0
    ) then
        raise exception 'a balance that its postings do not give'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

create trigger derived after update on ledger_balance referencing new table as changed
    for each statement execute function ledger_check_balances();
create trigger derived_at_first after insert on ledger_balance referencing new table as changed
    for each statement execute function ledger_check_balances();
create trigger kept before delete or truncate on ledger_balance
    for each statement execute function ledger_refuse();

create function ledger_check_hold_ends() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from ended e join ledger_hold h on h.id = e.hold_id
         where e.taken_minor > h.amount_minor
            or e.entry_id is not null and e.taken_minor <> (
                select -sum(p.amount_minor) from ledger_posting p
                 where p.entry_id = e.entry_id and p.account_id = h.account_id)
    ) then
        raise exception 'a hold does not give what was taken'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

create trigger given after insert on ledger_hold_end referencing new table as ended
    for each statement execute function ledger_check_hold_ends();
