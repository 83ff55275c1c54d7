-- The orchestrator's tables with every type a later revision could bring.
create type public.task_status as enum ('Queued', 'In Progress', 'Complete', 'Failed', 'Cancelled');
create domain public.yes as boolean;
create type public.pair as (a integer, b text);
create function public.shout(public.task_status) returns text language sql immutable
    as $$ select 'cast by the user' $$;
create cast (public.task_status as text) with function public.shout(public.task_status) as assignment;
-- A look-alike that must never be called.
create function public.format(text, public.yes) returns text language sql
    as $$ select 'look-alike' $$;

create table public.system_logs (
    id uuid default gen_random_uuid() not null primary key,
    "timestamp" timestamp with time zone default now() not null,
    source_type text not null,
    source_id text not null,
    log_level text not null,
    message text not null,
    task_id uuid,
    worker_id text,
    cycle_number integer,
    metadata jsonb default '{}'::jsonb
);
create table public.workers (
    id text not null primary key,
    instance_type text not null,
    created_at timestamp with time zone default now() not null,
    last_heartbeat timestamp with time zone,
    status text default 'active'::text not null,
    metadata jsonb default '{}'::jsonb
);
create table public.tasks (
    id uuid not null primary key,
    status public.task_status default 'Queued'::public.task_status not null,
    params jsonb not null,
    created_at timestamp with time zone,
    generation_created boolean,
    attempts integer,
    small smallint,
    big bigint,
    single real,
    double double precision,
    price numeric(20, 6),
    tags text[],
    states public.task_status[],
    agreed public.yes,
    both_of public.pair,
    address inet,
    padded character(8),
    name varchar(40),
    raw bytea,
    span int4range,
    day date,
    local_at timestamp without time zone,
    took interval,
    doc json,
    "odd ""name""" text,
    _capture text,
    task_type text,
    generation_started_at timestamp with time zone,
    generation_processed_at timestamp with time zone,
    worker_id text references public.workers (id),
    unique (name, day),
    output_location text,
    updated_at timestamptz, error_message text
);
alter table public.tasks add column dropped text;
alter table public.tasks drop column dropped;
