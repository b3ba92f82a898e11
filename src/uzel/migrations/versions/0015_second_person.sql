-- Money that people move by hand: each top-up, correction, credit limit, and the limit above which
-- a second person has to approve them. Within the limit it is done at once, and is a row all the
-- same: what one person does alone adds up.

create table partner_proposal (
    id bigint generated always as identity primary key,
    -- Null: it is about the limit itself.
    partner_id int references partner,
    kind text not null check (kind in ('top_up', 'correction', 'credit_limit', 'money_limit')),
    -- Minor units of the balance: what is moved, or (credit_limit) how far below zero the balance may
    -- go from then on. Of the limit itself: whole units of any currency.
    amount_minor bigint not null,
    -- What of it counts towards the limit.
    weight_minor bigint not null check (weight_minor >= 0),
    reason text not null check (btrim(reason) <> ''),
    -- Whoever asks the same again finds it asked; the same as that of the entry in the ledger.
    origin text not null unique,
    state text not null check (state in ('done', 'waiting', 'approved', 'rejected', 'withdrawn')),
    proposed_by text not null check (btrim(proposed_by) <> ''),
    proposed_at timestamptz not null default clock_timestamp(),
    decided_by text,
    decided_at timestamptz,
    decided_reason text,
    entry_id bigint unique references ledger_entry,
    check ((partner_id is null) = (kind = 'money_limit')),
    check ((entry_id is not null) = (kind in ('top_up', 'correction')
                                     and state in ('done', 'approved'))),
    check ((decided_at is not null) = (state in ('approved', 'rejected', 'withdrawn'))),
    check ((decided_by is null) = (decided_at is null))
);
create index on partner_proposal (partner_id, proposed_at desc);
create index partner_proposal_waiting on partner_proposal (id) where state = 'waiting';
create index partner_proposal_limit on partner_proposal (coalesce(decided_at, proposed_at) desc)
    where kind = 'money_limit' and state in ('done', 'approved');

-- A proposal is decided once, by an administrator who is not the one that made it; who made it can
-- take it back. Nothing else of it ever changes.
create function partner_check_proposal() returns trigger language plpgsql as $$
declare
    is_same boolean;
begin
    if tg_op = 'INSERT' then
        if new.state not in ('done', 'waiting') then
            raise exception 'a proposal begins undecided'
                using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    is_same := rate_person(new.decided_by) = rate_person(old.proposed_by);
    if old.state <> 'waiting' or new.state not in ('approved', 'rejected', 'withdrawn')
       or (new.id, new.kind, new.amount_minor, new.weight_minor, new.reason, new.origin,
           new.proposed_by, new.proposed_at)
          <> (old.id, old.kind, old.amount_minor, old.weight_minor, old.reason, old.origin,
              old.proposed_by, old.proposed_at)
       or new.partner_id is distinct from old.partner_id then
        raise exception 'proposal % is decided once, and stays as it was made', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if is_same is distinct from (new.state = 'withdrawn') then
        raise exception 'a second person has to decide on proposal %', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> 'withdrawn' and not exists (
        select 1 from person where lower(login) = rate_person(new.decided_by)
                               and role = 'admin' and disabled_at is null) then
        raise exception 'an administrator has to decide on proposal %', old.id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create trigger second_person before insert or update on partner_proposal
    for each row execute function partner_check_proposal();
create trigger stays before delete or truncate on partner_proposal
    for each statement execute function ledger_refuse();

-- Lists go on below any payment of one partner by a range of this index, which needs one direction;
-- failed and pending payments are few among many.
drop index payment_partner_id_book_id_idx;
drop index payment_created_at_idx;
create index payment_newest on payment (partner_id, book, id);
create index payment_failed on payment (partner_id, book, id) where state = 'failed';
create index payment_pending on payment (partner_id, book, id) where state = 'pending';
