import { $ as zx } from 'zx/core';

/** Local commands of the lab: quiet, and a non-zero exit throws with the command's stderr. */
export const $ = zx({ quiet: true, verbose: false });

/** The same, but the exit code is the caller's to judge. */
export const attempt = zx({ quiet: true, verbose: false, nothrow: true });

/** The same, without the event loop: for clean-up while the process ends. */
export const attemptSync = zx({ quiet: true, verbose: false, nothrow: true, sync: true });
