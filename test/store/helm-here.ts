import { spawnSync } from 'node:child_process';

/** Whether this machine has helm. */
export const hasHelm = spawnSync('helm', ['version'], { stdio: 'ignore' }).status === 0;

/** For the names of tests that need it. */
export const unlessNoHelm = hasHelm ? '' : ' [NOT RUN: helm is not installed]';
