insert into public.workers (id, instance_type, created_at, last_heartbeat, metadata) values
    ('gpu-1', 'H100', '2025-11-03 14:00:00.000001+00', 'infinity', '{"a": [1, 2.50, null]}'),
    ('', '', '2025-11-03 14:00:00+05:30', null, null);
insert into public.system_logs (id, "timestamp", source_type, source_id, log_level, message, metadata) values
    ('00000000-0000-0000-0000-000000000001', '2025-11-03 14:00:00.603151+00', 'worker', 'gpu-1', 'INFO',
     E'tabs\tand\nlines, "quotes", \\N and \U0001F980 \u65e5\u672c', '{"k": "\u00e9"}'),
    ('00000000-0000-0000-0000-000000000002', '2025-11-03 13:00:00+00', 'worker', '', 'INFO', '', null);
insert into public.system_logs ("timestamp", source_type, source_id, log_level, message)
    select timestamptz '2025-11-03 15:00:00+00' + n * interval '1 s', 'worker', 'gpu-1', 'INFO',
           repeat('x', n % 500) from generate_series(1, 9000) n;
insert into public.tasks values
    ('10000000-0000-0000-0000-000000000001', 'In Progress', '{"seed": 12345678901234567890}',
     '2025-11-03 14:00:00+00', true, -2147483648, -32768, 9223372036854775807, 1.1, 0.1, 12.500000,
     array['a', 'b c', null, ''], array['Queued', 'In Progress']::public.task_status[], true,
     row (1, null), '10.1.2.3', 'ab', 'Ann', '\x00ff', '[1,5)', '2025-11-03', 'infinity', '1 day 02:03',
     '{"b":1, "a":2}', 'odd', 'theirs', 'gpu-1'),
    ('10000000-0000-0000-0000-000000000002', 'Queued', '[]',
     '-infinity', false, 0, 0, 0, 'NaN', '-Infinity', 'NaN',
     '{}', '{}', false, row (null, null), '::1/64', '', '', '', 'empty', 'infinity',
     '0044-03-15 12:00:00 BC', '-1 month', 'null', '', '', ''),
    ('10000000-0000-0000-0000-000000000003', 'Failed', '{}',
     '10000-01-01 00:00:00.5+00', null, null, null, null, 1e30, 1e-300, null,
     null, null, null, null, null, null, null, null, null, null,
     '294276-12-31 23:59:59.999999', null, null, null, null, null);
