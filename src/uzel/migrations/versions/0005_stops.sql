-- What is said later does not always come later: only a newer wish takes a stop back, and a provider
-- takes back only what it said itself.
alter table stop_list
    -- When it was last said, as far as is known; never earlier than that.
    add column said_at timestamptz not null default now(),
    -- Through which connection the reason came, if through one.
    add column connection_id int references connection,
    -- Said again for another reason, or through another connection.
    add column confirmed boolean not null default false;
update stop_list set said_at = created_at;
