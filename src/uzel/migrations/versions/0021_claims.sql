-- Those who may approve claims, beside administrators.
alter table person drop constraint person_role_check;
alter table person add constraint person_role_check
    check (role in ('operator', 'approver', 'admin'));

-- A token that decides on claims speaks for a person.
alter table api_token add column person_id bigint references person;

-- Whom a person is in a messenger: so that nobody is two people.
create table person_chat (
    person_id bigint primary key references person,
    connection_id int not null references connection,
    user_id bigint not null,
    linked_at timestamptz not null default clock_timestamp(),
    unique (connection_id, user_id)
);

-- Who an actor's name stands for: `command:anna`, `telegram:17` of Anna's, and `anna` are one.
create function claim_person(name text) returns text language sql stable as $$
    select coalesce(
        (select lower(p.login) from person_chat c join person p on p.id = c.person_id
          where name like 'telegram:%' and c.user_id::text = substr(btrim(name), 10) limit 1),
        lower(btrim(regexp_replace(btrim(name), '^command:', ''))))
$$;

-- Who asks for money, as they are known where they ask.
create table claimant (
    id bigint generated always as identity primary key,
    -- `telegram:17`, `api:shop:4711`.
    key text not null unique,
    name text,
    -- Where they are written to.
    chat_connection_id int references connection,
    chat_id bigint,
    blocked_at timestamptz,
    blocked_by text,
    blocked_reason text,
    created_at timestamptz not null default clock_timestamp(),
    check ((blocked_at is null) = (blocked_by is null))
);

create table claim (
    -- The number that people know it by.
    id bigint generated always as identity primary key,
    -- Through which it is paid.
    connection_id int not null references connection,
    claimant_id bigint references claimant,
    -- The asker's own number, unique for ever.
    external_id text unique,
    state text not null check (state in ('draft', 'submitted', 'approved', 'paying', 'paid',
                                         'failed', 'rejected', 'cancelled')),
    amount_minor bigint check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    purpose text,
    first_name text,
    last_name text,
    patronymic text,
    kind text check (kind in ('card', 'fps')),
    phone text,
    bank_id text,
    bank_name text,
    card_shown text,
    -- Keyed, of the card or phone.
    target bytea,
    vault_id bigint references vault on delete set null,
    details jsonb not null default '{}',
    -- Grows with each change of what is paid to whom; an approval is for one version.
    version int not null default 1,
    made_by text not null,
    edited_by text not null,
    -- Why it is where it is: of a rejection, of a failure, or what holds an approved one back.
    reason text,
    held_code text,
    payout_id bigint references payout,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    submitted_at timestamptz,
    decided_at timestamptz,
    ended_at timestamptz,
    check (state = 'draft' or state = 'cancelled' or (amount_minor is not null and kind is not null
           and purpose is not null and last_name is not null and target is not null)),
    check ((kind = 'card') is not true or (card_shown is not null and phone is null)),
    check ((kind = 'fps') is not true or (phone is not null and bank_id is not null)),
    check (state not in ('paying', 'paid') or payout_id is not null)
);
create index on claim (state, id);
create index on claim (claimant_id, id) where claimant_id is not null;
create index on claim (target, id) where target is not null;

-- Each payout that was made for a claim; one of them at most may still be paid.
create table claim_payout (
    payout_id bigint primary key references payout,
    claim_id bigint not null references claim,
    is_live boolean not null default true
);
create unique index on claim_payout (claim_id) where is_live;
create index on claim_payout (claim_id);

-- Each step: what was done, by whom, and where the claim was then.
create table claim_step (
    claim_id bigint not null references claim,
    number int not null,
    act text not null,
    state text not null,
    at timestamptz not null default clock_timestamp(),
    made_by text not null,
    reason text,
    primary key (claim_id, number)
);
create trigger append_only before update or delete or truncate on claim_step
    for each statement execute function ledger_refuse();

-- Steps and messages that nobody outside was told of yet.
create table claim_news (
    id bigint generated always as identity primary key,
    claim_id bigint not null references claim,
    act text not null,
    state text not null,
    -- What was written, or why.
    text text,
    made_by text not null,
    at timestamptz not null default clock_timestamp()
);

create table claim_approval (
    claim_id bigint not null references claim,
    version int not null,
    person text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (claim_id, version, person)
);
create trigger append_only before update or delete or truncate on claim_approval
    for each statement execute function ledger_refuse();

-- From what amount on a second approver is needed; null: from the first kopeck on one is enough.
alter table payout_rules add column two_above_minor bigint check (two_above_minor >= 0);

-- Nobody approves what they asked for or changed last, nor without the right to.
create function claim_check_approval() returns trigger language plpgsql as $$
declare
    it claim;
begin
    select * into it from claim where id = new.claim_id for update;
    if it.state <> 'submitted' or it.version <> new.version then
        raise exception 'claim % is not there to be approved in this version', new.claim_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if claim_person(new.person) in (claim_person(it.made_by), claim_person(it.edited_by)) then
        raise exception 'nobody approves their own claim (%)', new.claim_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if not exists (select 1 from person where lower(login) = new.person
                   and role in ('approver', 'admin') and disabled_at is null) then
        raise exception '% may not approve claims', new.person
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger second_person before insert on claim_approval
    for each row execute function claim_check_approval();

create function claim_approvals_needed(it claim) returns int language sql stable as $$
    select case when it.amount_minor > coalesce(
        (select two_above_minor from payout_rules where connection_id = it.connection_id),
        9223372036854775807) then 2 else 1 end
$$;

-- What is paid was approved as it is.
create function claim_check_change() returns trigger language plpgsql as $$
begin
    if new.state = 'approved' and old.state <> 'approved'
       and (select count(*) from claim_approval where claim_id = new.id and version = new.version)
           < claim_approvals_needed(new) then
        raise exception 'claim % lacks an approval', new.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state not in ('draft', 'submitted', 'failed') and
       (new.amount_minor, new.kind, new.target, new.bank_id, new.connection_id, new.last_name,
        new.first_name, new.patronymic, new.purpose)
       is distinct from
       (old.amount_minor, old.kind, old.target, old.bank_id, old.connection_id, old.last_name,
        old.first_name, old.patronymic, old.purpose) then
        raise exception 'claim % cannot be changed any more', new.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.version = old.version and
       (new.amount_minor, new.kind, new.target, new.bank_id, new.connection_id, new.last_name,
        new.first_name, new.patronymic, new.purpose)
       is distinct from
       (old.amount_minor, old.kind, old.target, old.bank_id, old.connection_id, old.last_name,
        old.first_name, old.patronymic, old.purpose) then
        raise exception 'a changed claim (%) is another version', new.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state = 'paying' and old.state not in ('approved', 'paying') then
        raise exception 'claim % was not approved', new.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state = 'failed' and new.state = 'submitted' and new.version = old.version then
        raise exception 'what is asked for again (claim %) is approved again', new.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger stays before update on claim for each row execute function claim_check_change();

create table claim_message (
    id bigint generated always as identity primary key,
    claim_id bigint not null references claim,
    at timestamptz not null default clock_timestamp(),
    made_by text not null,
    -- Whether the claimant wrote it; what is not theirs is for them.
    is_claimants boolean not null,
    text text not null
);
create index on claim_message (claim_id, id);

create table claim_file (
    id bigint generated always as identity primary key,
    claim_id bigint not null references claim,
    at timestamptz not null default clock_timestamp(),
    made_by text not null,
    name text not null,
    content_type text not null,
    size_bytes int not null,
    sha256 bytea not null,
    content bytea not null,
    unique (claim_id, sha256)
);
