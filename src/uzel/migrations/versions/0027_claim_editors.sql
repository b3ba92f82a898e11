-- Nobody approves what they asked for or changed at any time, nor without the right to: whoever
-- chose the card would otherwise only have to wait until somebody else mended a comma.
create or replace function claim_check_approval() returns trigger language plpgsql as $$
declare
    it claim;
begin
    select * into it from claim where id = new.claim_id for update;
    if it.state <> 'submitted' or it.version <> new.version then
        raise exception 'claim % is not there to be approved in this version', new.claim_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if claim_person(new.person) in (claim_person(it.made_by), claim_person(it.edited_by))
       or exists (select 1 from claim_step s where s.claim_id = it.id and s.act in ('made', 'edited')
                  and claim_person(s.made_by) = claim_person(new.person)) then
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
