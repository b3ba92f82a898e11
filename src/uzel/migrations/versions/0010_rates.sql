-- Exchange rates. A row is a version: what was said of a pair, by whom, when. It is never changed;
-- whether it came into force stands in rate_decision.
create table rate (
    id bigint generated always as identity primary key,
    base text not null check (base ~ '^[A-Z]{3}$'),
    quote text not null check (quote ~ '^[A-Z]{3}$' and quote <> base),
    -- The same for both ways round.
    pair text not null generated always as
        (case when base collate "C" < quote collate "C" then base || '/' || quote
              else quote || '/' || base end) stored,
    -- One `base` costs so many `quote`; null: from now on the source has no rate of this pair.
    value numeric check (value > 0 and value < 1e12),
    -- For how many units the source writes it; `value` is always of one.
    nominal int not null default 1 check (nominal > 0),
    source text not null check (source in ('admin', 'cbr', 'nbk')),
    -- The day a bank set it for, and when that day begins at the bank.
    source_date date,
    valid_from timestamptz,
    entered_by text not null check (entered_by <> ''),
    -- By which part it lies away from what was in force, and why it waits for a person; null: it
    -- does not.
    move numeric,
    doubt text check (doubt in ('move', 'jump', 'corrected', 'far_date')),
    created_at timestamptz not null default clock_timestamp(),
    unique (id, pair, source),
    check (source = 'admin' or (value is not null and source_date is not null
                                and valid_from is not null))
);
-- What a bank says of a day is one version, however often it is asked.
create unique index rate_of_bank on rate (source, source_date, base, quote, value)
    where source <> 'admin';
create index rate_doubted on rate (id) where doubt is not null;

-- What became of a version, once. None: it waits for a person.
create table rate_decision (
    rate_id bigint primary key,
    pair text not null,
    source text not null,
    outcome text not null check (outcome in ('active', 'refused')),
    -- From when on it is in force: not before the decision.
    effective_at timestamptz,
    -- Null: it was within the limits, so nobody had to be asked.
    decided_by text,
    decided_at timestamptz not null default clock_timestamp(),
    reason text,
    foreign key (rate_id, pair, source) references rate (id, pair, source),
    check ((outcome = 'active') = (effective_at is not null))
);
-- What is in force at any moment is one look into this index.
create index rate_in_force on rate_decision (pair, source, effective_at desc, rate_id desc)
    where outcome = 'active';

-- How far a rate may move by one person's word, how old it may be, which source goes first. The
-- newest row counts.
create table rate_policy (
    id bigint generated always as identity primary key,
    move_percent numeric not null check (move_percent >= 0 and move_percent < 100),
    jump_percent numeric not null check (jump_percent >= 0 and jump_percent < 100),
    bank_days int not null check (bank_days between 0 and 3650),
    admin_days int check (admin_days between 0 and 3650),
    sources text[] not null check (cardinality(sources) > 0
                                   and sources <@ array['admin', 'cbr', 'nbk']),
    set_by text not null,
    set_at timestamptz not null default clock_timestamp()
);

do $$
declare
    name text;
begin
    foreach name in array array['rate', 'rate_decision', 'rate_policy'] loop
        execute format('create trigger append_only before update or delete or truncate on %I '
                       'for each statement execute function ledger_refuse()', name);
    end loop;
end $$;

-- Whether a newer version of the same source has taken its place before anybody decided.
create function rate_is_superseded(r rate) returns boolean language sql as $$
    select exists (
        select 1 from rate_decision d join rate n on n.id = d.rate_id
         where d.pair = r.pair and d.source = r.source and d.outcome = 'active'
           and d.effective_at <= clock_timestamp()
           and case when r.source = 'admin' then n.id > r.id
                    else (n.source_date, n.id) > (r.source_date, r.id) end)
$$;

-- Whose name it is: that of the shell (`command:anna`) is that of the console.
create function rate_person(name text) returns text language sql immutable as $$
    select lower(btrim(regexp_replace(btrim(name), '^command:', '')))
$$;

-- A version in doubt comes into force by the word of somebody else than who entered it.
create function rate_check_decision() returns trigger language plpgsql as $$
declare
    version rate;
begin
    select * into version from rate where id = new.rate_id;
    if new.outcome = 'active' and version.doubt is not null
       and (new.decided_by is null
            or rate_person(new.decided_by) = rate_person(version.entered_by)) then
        raise exception 'a second person has to approve rate %', new.rate_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.effective_at < new.decided_at or new.effective_at < version.valid_from then
        raise exception 'rate % cannot be in force before it was decided', new.rate_id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create trigger second_person before insert on rate_decision
    for each row execute function rate_check_decision();

-- When the rates of a bank were taken last, and when they are looked at next.
create table rate_fetch (
    connection_id int primary key references connection,
    next_at timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    started_at timestamptz,
    succeeded_at timestamptz,
    failed_at timestamptz,
    problem text,
    found jsonb,
    -- The newest day that rates were taken for.
    source_date date
) with (fillfactor = 50);
