-- Types of a user's own, and everything that a type can be made of.
create type public."odd label" as enum ('', 'plain', 'In Progress', 'it''s', '"quoted"', 'a,b', '{}', 'é 列', '\');
create domain public.small_number as integer default 7 check (value <> 13);
create domain public.words as text check (value <> 'never');
create domain public.money_amount as numeric(20, 4);
create domain public.moment as timestamp with time zone;
create domain public.truth as boolean;
create domain public.labels as text[];
create domain public.state as public."odd label";
create domain public.document as jsonb;
create domain public.inner_state as public.state;
create type public."Nested Pair" as ("first one" public.pair, "select" public."odd label", many public.pair[], at timestamp with time zone, n public.small_number);
create domain public.checked_pair as public.pair;
create type public.empty_record as ();
create type public.span as range (subtype = double precision, multirange_type_name = public.multispan);
create type public.text_range as range (subtype = text, collation = "C");
-- Casts that lie: a text that runs the user's code is not the text PostgreSQL prints.
create function public.lie(public."odd label") returns text language sql immutable as $$ select 'a lie' $$;
create cast (public."odd label" as text) with function public.lie(public."odd label") as assignment;
create function public.lie(public.pair) returns text language sql immutable as $$ select 'a lie' $$;
create cast (public.pair as text) with function public.lie(public.pair) as assignment;
