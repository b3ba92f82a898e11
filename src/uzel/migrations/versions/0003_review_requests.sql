-- Tells this installation's references from those of another one at the same provider.
create table installation (
    id text not null default left(replace(gen_random_uuid()::text, '-', ''), 12)
);
insert into installation default values;

-- Rules are typed by uzel.model.rules; what is left out has its default there.
alter table business add column rules jsonb not null default '{}';

alter table place
    alter column review_url drop not null,
    add column yandex_url text,
    add column gis_url text,
    add column google_url text,
    add column time_zone text,
    -- Only what differs from the business's.
    add column rules jsonb not null default '{}',
    add column manager_phone text,
    add column manager_email text;

-- The newest row of a purpose, channel, place (null: all without their own) and variant is in use;
-- one of weight 0 is retired.
alter table template
    add column place_id bigint references place,
    add column variant text not null default 'A',
    add column weight int not null default 1 check (weight between 0 and 100),
    add column subject text,
    -- WhatsApp: {"name", "language", "parameters": [variable], "buttons": [variable]}.
    add column approved jsonb;

-- Who wants no messages from a business, by any channel. Addresses are E.164 or lower-case e-mail.
create table stop_list (
    business_id bigint not null references business,
    address text not null,
    -- A code: `manual`, `reply`, `page`, `user_stopped`, `complaint`, `bounce`, `provider`.
    reason text not null,
    -- Who or what said so: a login, a connection, a message.
    source text not null,
    note text,
    created_at timestamptz not null default now(),
    primary key (business_id, address)
);
create index stop_list_newest on stop_list (business_id, created_at desc);

create table consent (
    business_id bigint not null references business,
    address text not null,
    -- How it was given: `анкета`, `сайт`; and by what wording.
    source text not null,
    wording text,
    given_at timestamptz not null,
    noted_by text not null,
    noted_at timestamptz not null default now(),
    primary key (business_id, address)
);

-- Who cannot be reached by a channel for the time being: has no WhatsApp.
create table unreachable (
    channel text not null,
    address text not null,
    until timestamptz not null,
    primary key (channel, address)
);

-- When somebody last wrote to us: opens a day in which WhatsApp carries free text.
create table inbound_window (
    connection_id int not null references connection,
    address text not null,
    last_at timestamptz not null,
    primary key (connection_id, address)
);

-- What was spent on a day of the business's own calendar; reserved before each message is sent.
create table budget_day (
    business_id bigint not null references business,
    day date not null,
    spent_minor bigint not null default 0,
    messages int not null default 0,
    primary key (business_id, day)
);

alter table review_request drop constraint review_request_state_check;
alter table review_request
    add constraint review_request_state_check check (state in ('looking', 'asked', 'cancelled')),
    -- What makes up the visit; see model.visit.
    add column part text,
    -- Part → when it was called off; of visits that have parts.
    add column called_off jsonb not null default '{}',
    add column email text,
    add column guest_name text,
    -- The word in the link: unguessable, and all that is needed to see and rate.
    add column code text unique,
    add column due_at timestamptz,
    add column not_after timestamptz,
    add column consent text,
    add column remind_at timestamptz,
    add column reminded_at timestamptz,
    add column clicked_at timestamptz,
    add column rating int check (rating between 1 and 5),
    add column rated_at timestamptz,
    add column comment text,
    add column commented_at timestamptz,
    -- A manager has dealt with the low rating.
    add column seen_by text,
    add column seen_at timestamptz;
create index review_request_to_remind on review_request (remind_at)
    where remind_at is not null and reminded_at is null and clicked_at is null;
create index review_request_rated on review_request (business_id, rated_at desc)
    where rating is not null;
-- What guests said, stars or words, by when they said it last.
create index review_request_said
    on review_request (business_id, greatest(rated_at, commented_at) desc)
    where rating is not null or comment is not null;

-- Which of the places to review at a guest went on to.
create table review_follow (
    request_id bigint not null,
    platform text not null check (platform in ('yandex', '2gis', 'google', 'other')),
    at timestamptz not null default now(),
    primary key (request_id, platform)
);

alter table message
    alter column phone drop not null,
    -- Where it goes: the phone, or an e-mail address.
    add column address text,
    add column subject text,
    add column place_id bigint,
    -- Messages that stand in for each other have one origin, and from the second on `#1`, `#2`
    -- behind it. What takes over if this one fails, in order: see messages.route.
    add column hop int not null default 0,
    add column next_hops jsonb,
    -- When the next hop takes over for want of a receipt.
    add column escalate_at timestamptz,
    add column wait_s int,
    add column not_after timestamptz,
    -- Whether it keeps to the hours in which people may be disturbed.
    add column polite boolean not null default false,
    -- Why it may not leave any more; its call had begun when that became known, and may come back.
    add column withdrawn text,
    -- The provider hinted, unsigned, that something became of it.
    add column hinted_at timestamptz,
    add column estimate_minor bigint,
    add column budget_day date;
update message set address = phone;
alter table message alter column address set not null;
create index message_to_escalate on message (escalate_at)
    where escalate_at is not null and state in ('planned', 'accepted');
create index message_to_expire on message (not_after)
    where not_after is not null and state = 'planned';
create index message_budget on message (business_id, budget_day) where budget_day is not null;
create index message_email on message (address, id) where channel = 'email';
create index review_request_part on review_request (connection_id, part) where part is not null;
