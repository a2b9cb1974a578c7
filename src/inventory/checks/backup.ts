import { defaults } from '../defaults.ts';
import { describePath, error, warning, type Path, type Problem } from '../position.ts';
import type { Check } from './check.ts';

const at: Path = ['spec', 'etcd', 'backup'];

/** Backups have a folder apart from etcd's data, and one secret key. */
export const backupIsSound: Check = ({ draft }) => {
  const backup = draft.spec?.etcd?.backup;
  if (backup === undefined) return [];
  const found: Problem[] = [];
  const data = draft.spec?.etcd?.dataDir ?? defaults.etcdDataDir;
  const directory = backup.directory ?? defaults.backupDirectory;
  if (`${directory}/`.startsWith(`${data}/`) || `${data}/`.startsWith(`${directory}/`)) {
    const place = [...at, 'directory'];
    found.push(
      error(
        place,
        `${describePath(place)} ${directory} must be apart from etcd's data in ${data}, which a restore exchanges`,
      ),
    );
  }
  const { s3 } = backup;
  if (s3 === undefined) return found;
  const place = [...at, 's3'];
  if ('secretAccessKeyFile' in s3 === 'secretAccessKeyEnv' in s3)
    found.push({
      ...error(place, `${describePath(place)} must have either secretAccessKeyFile or secretAccessKeyEnv`),
      at: 'key',
    });
  if (s3.endpoint?.startsWith('http:') === true) {
    const where = [...place, 'endpoint'];
    found.push(warning(where, `${describePath(where)}: snapshots are sent unencrypted to ${s3.endpoint}`));
  }
  return found;
};
