import type { Backup } from '../model/backup.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';

type Stated = NonNullable<NonNullable<Inventory['spec']['etcd']>['backup']>;

/** `spec.etcd.backup` with every default filled in. */
export function buildBackup(stated: Stated, clusterName: string, folders: Folders): Backup {
  const {
    schedule,
    keep = defaults.backupKeep,
    directory = defaults.backupDirectory,
    s3,
    encryptFor,
  } = stated;
  return {
    ...{ schedule, keep, directory },
    ...given(
      'encryptFor',
      encryptFor?.map((file) => absolutePath(file, folders)),
    ),
    ...given('s3', s3 && buildS3(s3, clusterName, folders)),
  };
}

function buildS3(
  stated: NonNullable<Stated['s3']>,
  clusterName: string,
  folders: Folders,
): NonNullable<Backup['s3']> {
  const { endpoint, bucket, accessKeyId, secretAccessKeyFile, secretAccessKeyEnv, caFile } = stated;
  return {
    // Without a default port, which is not in the header Host either.
    endpoint: new URL(endpoint).origin,
    bucket,
    prefix: stated.prefix ?? `${clusterName}/`,
    region: stated.region ?? defaults.s3Region,
    accessKeyId,
    secretAccessKey:
      secretAccessKeyFile === undefined
        ? { env: secretAccessKeyEnv ?? '' }
        : { file: absolutePath(secretAccessKeyFile, folders) },
    ...given('caFile', caFile && absolutePath(caFile, folders)),
  };
}
