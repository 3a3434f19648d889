-- After every large change the statistics of what was filled are renewed, so that the next statement is planned for it. What counts
-- is how many rows there are and how many values a column has, which a sample of 3,000 rows tells as well as one of 30,000, in a
-- fifth of the time: a first import renews them eighteen times. Autovacuum still takes its own samples. Changes no data.
alter function jamf_sync.refresh_statistics(regclass) set default_statistics_target = '10';
