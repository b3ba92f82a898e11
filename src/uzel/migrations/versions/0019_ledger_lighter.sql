-- What a group posts to one account has one time, so only the last of it is ever the balance at a
-- moment: the index of times holds that one alone. All older postings stay in it.
alter table ledger_posting add column closes boolean not null default true;

drop index ledger_posting_time;
create index ledger_posting_time on ledger_posting (account_id, posted_at desc, version desc)
    include (balance_minor) where closes;

-- Almost no entry takes another one back.
alter table ledger_entry drop constraint ledger_entry_reverses_id_key;
create unique index ledger_entry_reverses_id_key on ledger_entry (reverses_id)
    where reverses_id is not null;

-- As before, and: a posting that closes nothing has another one of its time after it. What is asked
-- of other tables is asked by a whole key, row by row: a plan that reads one of them to its end
-- would be the right one while they are small.
create or replace function ledger_check_postings() returns trigger language plpgsql as $$
declare
    wrong text;
begin
    with entry as materialized (
        select p.entry_id, count(*) as legs, count(a.id) as known, min(p.leg) as first,
               min(a.book) as low_book, max(a.book) as high_book,
               min(a.currency) as low, max(a.currency) as high, sum(p.amount_minor) as total
          from added p left join ledger_account a on a.id = p.account_id
         group by p.entry_id
    ), running as (
        select account_id, version, posted_at, closes, balance_minor - amount_minor as before,
               lag(version) over w as last, lag(balance_minor) over w as balance,
               lag(posted_at) over w as at, lead(posted_at) over w as next_at
          from added window w as (partition by account_id order by version)
    )
    select case
        when exists (select 1 from entry where low = high and total <> 0)
             or exists (select 1 from entry where low <> high) and exists (
                 select 1 from added p join ledger_account a on a.id = p.account_id
                  group by p.entry_id, a.currency having sum(p.amount_minor) <> 0)
        then 'postings do not add up to zero'
        -- A second lot for one entry would have no leg 0 to begin with.
        when exists (select 1 from entry t
                      where legs < 2 or known <> legs or first <> 0 or low_book <> high_book
                         or (select true from ledger_entry e where e.id = t.entry_id) is not true)
        then 'postings that are not one whole entry in one book'
        when exists (
            select 1 from running r
             where case when last is not null
                        then last <> version - 1 or balance <> before or at > posted_at
                        when version = 1 then before <> 0
                        else (select o.balance_minor = r.before and o.posted_at <= r.posted_at
                                from ledger_posting o
                               where o.account_id = r.account_id and o.version = r.version - 1)
                             is not true end
                or not closes and next_at is distinct from posted_at)
        then 'a posting does not go on where the last one stopped'
        end into wrong;
    if wrong is not null then
        raise exception '%', wrong using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

-- As before, asked by the whole key.
create or replace function ledger_check_balances() returns trigger language plpgsql as $$
begin
    if exists (
        select 1 from changed b
         where b.version > 0
           and (select p.balance_minor = b.posted_minor from ledger_posting p
                 where p.account_id = b.account_id and p.version = b.version) is not true
            or b.version = 0 and b.posted_minor <> 0
    ) then
        raise exception 'a balance that its postings do not give'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
