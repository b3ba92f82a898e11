-- A replay makes events anew from which nothing had followed, with new ids. This is where the old
-- ones were: a link to one of them leads to what stands there now.
create table moved_event (
    id bigint primary key,
    raw_event_id bigint not null,
    position int not null
);
