-- Every chat a person was ever linked with: who asks in one and links another is still who asked.
create table person_chat_known (
    id bigint generated always as identity primary key,
    person_id bigint not null references person,
    connection_id int not null references connection,
    user_id bigint not null,
    known_at timestamptz not null default clock_timestamp()
);
create index on person_chat_known (user_id, id);
insert into person_chat_known (person_id, connection_id, user_id)
select person_id, connection_id, user_id from person_chat;

create function person_chat_keep() returns trigger language plpgsql as $$
begin
    insert into person_chat_known (person_id, connection_id, user_id)
    values (new.person_id, new.connection_id, new.user_id);
    return new;
end $$;
create trigger keep after insert or update on person_chat
    for each row execute function person_chat_keep();
create trigger append_only before update or delete or truncate on person_chat_known
    for each statement execute function ledger_refuse();

create or replace function claim_person(name text) returns text language sql stable as $$
    select coalesce(
        (select lower(p.login) from person_chat_known c join person p on p.id = c.person_id
          where name like 'telegram:%' and c.user_id::text = substr(btrim(name), 10)
          order by c.id desc limit 1),
        lower(btrim(regexp_replace(btrim(name), '^command:', ''))))
$$;
