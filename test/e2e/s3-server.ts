import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';

/*
 * KBOOT_S3_SERVER: the program of an S3 server with the command line of versitygw
 * (https://github.com/versity/versitygw): `PROGRAM --port ADDRESS posix FOLDER`, the key in ROOT_ACCESS_KEY and
 * ROOT_SECRET_KEY. A bucket is a folder of FOLDER.
 */
const program = process.env['KBOOT_S3_SERVER'] ?? '';

export const hasS3Server = existsSync(program);

/** For the title of tests that need it. */
export const unlessWithoutS3 = hasS3Server ? '' : ' [NOT RUN: KBOOT_S3_SERVER names no S3 server]';

/** The secret access key of `kboot`, for whom it serves. */
export const s3Secret = 'a-secret-of-forty-letters-0123456789abcd';

/** Serves the buckets in a folder at an address of the lab's bridge, `10.77.21.1:7070`. The caller ends it. */
export function startS3Server(lab: Lab, address: string, buckets: string): ChildProcess {
  const [file = '', ...args] = lab.inside([program, '--port', address, 'posix', buckets]);
  const env = { ...process.env, ROOT_ACCESS_KEY: 'kboot', ROOT_SECRET_KEY: s3Secret };
  return spawn(file, args, { stdio: 'ignore', env });
}
