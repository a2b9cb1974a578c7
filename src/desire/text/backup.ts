import { backupRecord, type Backup, type BackupS3 } from '../../model/backup.ts';
import { etcdHosts, type Host } from '../../model/cluster.ts';
import { statedName } from '../../resource/upload-name.ts';
import { etcdClientPort, hostPort, loopback } from './address.ts';
import { namedPassword, namedText } from './named.ts';
import { paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

const field = 'etcd.backup.s3';

/** Program, units and credentials of the backups on one host. */
export function backupFiles(context: TextContext, host: Host, backup: Backup): readonly HostText[] {
  const { cluster, renderer } = context;
  const { directory, keep, schedule, encryptFor = [], s3 } = backup;
  const part = `${directory}/.kboot-etcd-backup.part`;
  return [
    {
      path: paths.backupProgram,
      mode: 0o755,
      text: renderer.render('etcd/backup.sh.hbs', {
        ...{ host: host.name, directory, keep, record: backupRecord },
        local: `https://${hostPort(loopback(host.address), etcdClientPort)}`,
        members: etcdHosts(cluster).map(({ name, address }) => ({
          name,
          url: `https://${hostPort(address, etcdClientPort)}`,
        })),
        recipients: encryptFor.length > 0 ? paths.backupRecipients : '',
        s3: s3 === undefined ? null : s3Params(s3),
      }),
    },
    ...(encryptFor.length === 0
      ? []
      : [
          {
            path: paths.backupRecipients,
            mode: 0o644,
            text: encryptFor
              .map((file) => certificateIn(namedText(context, file, 'spec.etcd.backup.encryptFor')))
              .join(''),
          },
        ]),
    ...backupSecrets(context, s3),
    {
      path: paths.backupService,
      mode: 0o644,
      text: renderer.render('etcd/backup.service.hbs', {
        directory,
        program: paths.backupProgram,
        part,
        encrypted: encryptFor.length > 0 ? `${part}.cms` : '',
        proxy: paths.proxy,
      }),
    },
    { path: paths.backupTimer, mode: 0o644, text: renderer.render('etcd/backup.timer.hbs', { schedule }) },
  ];
}

/** Without what people write around it. */
function certificateIn(pem: string): string {
  return `${/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(pem)?.[0] ?? ''}\n`;
}

/** The access key of S3, and the CA of its certificate. */
export function backupSecrets(context: TextContext, s3: BackupS3 | undefined): readonly HostText[] {
  if (s3 === undefined) return [];
  const secret = namedPassword(context, s3.secretAccessKey, `spec.${field}`);
  return [
    {
      path: paths.backupCredentials,
      mode: 0o600,
      text: `${s3.accessKeyId}\n${secret}\n`,
      secret: statedName(field, paths.backupCredentials),
    },
    ...(s3.caFile === undefined
      ? []
      : [{ path: paths.backupCa, mode: 0o644, text: namedText(context, s3.caFile, `spec.${field}`) }]),
  ];
}

function s3Params({ endpoint, bucket, prefix, region, caFile }: BackupS3) {
  return {
    ...{ endpoint, region },
    host: new URL(endpoint).host,
    place: `${bucket}/${prefix}`,
    credentials: paths.backupCredentials,
    ca: caFile === undefined ? '' : paths.backupCa,
  };
}
