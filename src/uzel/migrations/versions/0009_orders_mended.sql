-- The stamp that versions of orders are ordered by; it never goes back, whatever clocks do.
alter table shop add column told_at timestamptz;
update shop s set told_at = (select max(told_at) from shop_order o where o.shop_id = s.id);

alter table shop_order drop constraint shop_order_step_check;
alter table shop_order add constraint shop_order_step_check
    -- `left_out`: a person wants no deal for it.
    check (step in ('lines', 'finding', 'waiting', 'making', 'details', 'done', 'stuck',
                    'left_out'));
alter table shop_order
    -- How often it was refused while it went alone, and until when nothing is asked for it.
    add column refused int not null default 0,
    add column not_before timestamptz,
    -- How often its positions were asked for in vain; at last it goes without.
    add column lines_tries int not null default 0,
    add column without_lines boolean not null default false,
    -- {element: quantity} in the call that links them; `lead_goods` once it is through.
    add column goods_asked jsonb,
    -- The positions that the last note told.
    add column noted_lines jsonb,
    -- The deal that somebody deleted, and when that was seen.
    add column gone_lead_id bigint,
    add column gone_at timestamptz,
    -- The buyer's data were deleted and do not come back with the next version.
    add column customer_deleted_at timestamptz;

update shop_order set goods_asked = lead_goods, lead_goods = '{}' where goods_step = 'asked';
update shop_order set lead_goods = '{}' where goods_step = 'todo' and lead_goods <> '{}';
update shop_order set noted_lines = lines
 where note_step <> 'todo' and lead_id is not null and lines is not null;
update shop_order set step = 'lines', batch = null where step = 'waiting' and lines is null;

create index shop_order_note_wanted on shop_order (shop_id, id) where note_step = 'todo';
