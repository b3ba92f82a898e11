-- Which people and projects become contacts and deals of which CRM.
create table crm_mirror (
    id int generated always as identity primary key,
    business_id bigint not null references business,
    -- The vtiger that is read; null: the registry of the business itself.
    source_id int references connection,
    crm_id int not null references connection,
    state text not null default 'on' check (state in ('on', 'off')),
    settings jsonb not null default '{}',
    -- What was made before gets no deal.
    since timestamptz not null,
    -- How far a vtiger was read, per module, in seconds by its own clock.
    read_up_to jsonb not null default '{}',
    read_at timestamptz,
    problem text,
    made_by text not null,
    created_at timestamptz not null default clock_timestamp()
);
create unique index on crm_mirror (business_id, coalesce(source_id, 0));
create index on crm_mirror (crm_id);

create table crm_mirrored (
    id bigint generated always as identity primary key,
    mirror_id int not null references crm_mirror,
    module text not null,
    -- As the protocol has it: `12x83`.
    number text not null,
    -- What was told of it last: its name, the facts of the note.
    told jsonb not null,
    -- Whom it is about: by the phone, of a project by the number of its person.
    phone text,
    person text,
    deal_name text not null,
    price numeric(20, 2),
    -- known: no deal is wanted, others may be about it
    step text not null
        check (step in ('known', 'waiting', 'making', 'finding', 'done', 'stuck', 'left_out')),
    step_at timestamptz not null default clock_timestamp(),
    not_before timestamptz,
    -- The call it is in, and how many may share one with it.
    batch bigint,
    together int not null default 50,
    reason text,
    contact_id bigint,
    lead_id bigint,
    deal_at timestamptz,
    -- What is still to be written into the deal, in its order; the first `noting` are on their way.
    notes jsonb not null default '[]',
    note_batch bigint,
    noting int not null default 0,
    unique (mirror_id, number)
);
create index crm_mirrored_open on crm_mirrored (mirror_id, step, id)
    where step not in ('known', 'done', 'left_out');
create index crm_mirrored_notes on crm_mirrored (mirror_id, id) where notes <> '[]';
create index crm_mirrored_batch on crm_mirrored (batch) where batch is not null;
create index crm_mirrored_note_batch on crm_mirrored (note_batch) where note_batch is not null;
create index crm_mirrored_phone on crm_mirrored (phone) where phone is not null;

-- Records that were written since a mirror looked last.
create table crm_news (
    record_id bigint primary key references crm_record,
    business_id bigint not null,
    at timestamptz not null default clock_timestamp()
);
create index on crm_news (business_id, at);

-- By the history, because whoever writes a record writes that too: in the same transaction.
create function crm_tell_news() returns trigger language plpgsql as $$
begin
    insert into crm_news (record_id, business_id)
    select r.id, r.business_id
      from (select distinct record_id from told) t
      join crm_record r on r.id = t.record_id
     where r.module in ('Contacts', 'Project')
       and exists (select from crm_mirror m
                    where m.business_id = r.business_id and m.source_id is null
                      and m.state = 'on')
     order by r.id
    on conflict do nothing;
    return null;
end $$;

create trigger news after insert on crm_change referencing new table as told
    for each statement execute function crm_tell_news();

-- How much came by forms lately.
create index on crm_file_version (created_at);
