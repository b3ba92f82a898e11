-- Access that an OAuth server granted. A refresh token is good for one renewal, so `version` grows
-- with every pair and `renewing_until` is the lease of whoever renews.
create table oauth_grant (
    connection_id int primary key references connection,
    -- Sealed: {"access", "refresh"}.
    tokens bytea not null,
    expires_at timestamptz,
    version int not null default 1,
    renewing_until timestamptz,
    redirect_uri text not null,
    -- Why access has to be granted anew.
    revoked_reason text,
    granted_by text not null,
    granted_at timestamptz not null default now(),
    renewed_at timestamptz
);

-- People who set out to grant access and have not come back yet.
create table oauth_state (
    state_hash bytea primary key,
    connection_id int not null references connection,
    redirect_uri text not null,
    made_by text not null,
    created_at timestamptz not null default now()
);

-- A marketplace whose orders become deals: which account there, which CRM, and how.
create table shop (
    id int generated always as identity primary key,
    business_id bigint not null references business,
    source_id int not null unique references connection,
    crm_id int not null references connection,
    -- Typed by uzel.flows.kaspi_orders.settings.
    settings jsonb not null default '{}',
    state text not null default 'off' check (state in ('off', 'on', 'paused')),
    -- Orders made before this moment do not become deals.
    since timestamptz not null default now(),
    -- Orders made before this moment may have deals already, made by hand or by another program.
    switched_on_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index shop_crm on shop (crm_id);

-- What is done again and again for a shop: by whoever holds the lease.
create table shop_task (
    shop_id int not null references shop,
    task text not null check (task in ('fetch', 'reconcile', 'proof')),
    watermark timestamptz,
    next_at timestamptz not null default now(),
    leased_until timestamptz,
    started_at timestamptz,
    succeeded_at timestamptz,
    failed_at timestamptz,
    problem text,
    -- What the last run found, for people.
    found jsonb not null default '{}',
    primary key (shop_id, task)
);

-- The last version of each order that was stored raw.
create table shop_seen (
    shop_id int not null references shop,
    code text not null,
    digest bytea not null,
    seen_at timestamptz not null default now(),
    primary key (shop_id, code)
);

create table shop_order (
    id bigint generated always as identity primary key,
    shop_id int not null references shop,
    code text not null,
    event_id bigint not null,
    source_order text not null,
    status text not null,
    state text,
    currency text not null,
    total numeric,
    -- E.164; null where none came that can be one.
    phone text,
    first_name text,
    last_name text,
    ordered_at timestamptz,
    told_at timestamptz not null,
    note jsonb not null default '{}',
    -- [{"line", "sku", "name", "quantity", "price", "total", "product"}]; null: not known yet.
    lines jsonb,
    -- `lines`: its positions are asked for; `finding`: whether it has a deal already; `waiting` for
    -- contact and goods; `making`: in a call that makes deals; `details`: its goods and note are on
    -- their way; `done`; `stuck`: waits for a person.
    step text not null
        check (step in ('lines', 'finding', 'waiting', 'making', 'details', 'done', 'stuck')),
    ready_at timestamptz,
    -- Whether a call that makes deals left with it: a deal that is found later is ours.
    tried boolean not null default false,
    reason text,
    -- The call it is in, by the number in that call's effect.
    batch bigint,
    -- How many may share a call with it: halved when a call with it was refused.
    together int not null default 50,
    lead_id bigint,
    -- `pipeline:stage` as we set it last.
    lead_stage text,
    lead_price bigint,
    -- {element: quantity} as we linked them last.
    lead_goods jsonb not null default '{}',
    goods_step text not null default 'todo' check (goods_step in ('todo', 'asked', 'done')),
    note_step text not null default 'todo' check (note_step in ('todo', 'asked', 'done')),
    goods_batch bigint,
    note_batch bigint,
    -- Comparing a deal with its order: `wanted`, `reading`, `changing`; null: nothing to do.
    checking text check (checking in ('wanted', 'reading', 'changing')),
    -- {"lead": {…}, "unlink": […], "link": […]} still to be done.
    changes jsonb,
    -- What differed when the deal was last compared: {field: {"order", "deal", "kept"}}.
    difference jsonb,
    compared_at timestamptz,
    -- The version of the order it was compared with.
    compared_told_at timestamptz,
    first_seen_at timestamptz not null default now(),
    deal_at timestamptz,
    updated_at timestamptz not null default now(),
    unique (shop_id, code)
);
create index shop_order_open on shop_order (shop_id, step, id) where step <> 'done';
create index shop_order_checking on shop_order (shop_id, checking, id) where checking is not null;
create index shop_order_batch on shop_order (batch) where batch is not null;
create index shop_order_goods on shop_order (goods_batch) where goods_batch is not null;
create index shop_order_note on shop_order (note_batch) where note_batch is not null;
create index shop_order_newest on shop_order (shop_id, ordered_at desc);
create index shop_order_code on shop_order (code);
create index shop_order_phone on shop_order (phone) where phone is not null;
create index shop_order_lead on shop_order (lead_id) where lead_id is not null;
create sequence shop_batch;

-- What we know of a CRM's contacts and goods: saves searches, and is corrected when it proves wrong.
create table crm_entity (
    crm_id int not null references connection,
    -- 0: contacts, by phone; else the goods of this catalog, by SKU.
    catalog_id bigint not null,
    key text not null,
    entity_id bigint,
    state text not null default 'wanted'
        check (state in ('wanted', 'searching', 'absent', 'creating', 'known', 'refused')),
    state_at timestamptz not null default now(),
    reason text,
    -- The call it is in, and how many may share one with it.
    batch bigint,
    together int not null default 50,
    -- What it is to be made of: names, price.
    data jsonb not null default '{}',
    primary key (crm_id, catalog_id, key)
);
create index crm_entity_open on crm_entity (crm_id, catalog_id, state, state_at)
    where state <> 'known';
create index crm_entity_batch on crm_entity (batch) where batch is not null;

-- Deals as the daily proof found them.
create table shop_proof (
    shop_id int not null references shop,
    run bigint not null,
    lead_id bigint not null,
    code text not null,
    primary key (shop_id, run, lead_id)
);
