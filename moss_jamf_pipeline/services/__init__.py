"""What a person or a program can ask for: typed results, without any presentation. Doors call this, and only this.

- `workplace`: the database and the integration that a service works on; every service takes it first.
- `pages`: what is listed comes in pages with a total.
- `plans`, `history`: what a sync would change, or changed; which runs there were.
- `conflicts`: what M.O.S.S. and JAMF disagree on, and what a person decides.
- `captures`, `quarantine`: what is stored of JAMF, and what of it could not be used.
- `status`, `health`: how an integration stands, and whether everything a sync needs is there (`moss_checks`,
  `jamf_checks`); `automation`, `sweeps`: what they say of scheduled syncs.
- `runs`: starting one, following it, how it ended; `approvals`, `reverts`: what is let through or undone.
- `preparation`: a database made ready for the sync; `trial`: when simulated Macs may be written.
- `credentials`: saving them, and trying those that a sync would use; `webhooks`: who may send them, and what came.
- `explanations`: what an operator reads of an error.

Each service takes a `Workplace` and an `IntegrationChoice`, reads under the reading role, and returns frozen results.
What goes wrong is one of the explained errors of the engine and of M.O.S.S. (`engine.failures`). Nothing here prints,
asks, handles a signal, or knows Dagster: a run is started through a launcher that a door hands in. Who only looks
creates nothing: no schema, no server, no run.
"""
