import { $ as zx } from 'zx/core';

/** Local commands of the lab: quiet, and a non-zero exit throws with the command's stderr. */
export const $ = zx({ quiet: true, verbose: false });

/** The same, but the caller checks the exit code. */
export const attempt = zx({ quiet: true, verbose: false, nothrow: true });

/** The same, synchronously: for clean-up while the process exits. */
export const attemptSync = zx({ quiet: true, verbose: false, nothrow: true, sync: true });
