import * as z from 'zod';
import { calendarEvent } from './calendar.ts';
import { defaults } from './defaults.ts';
import { filePath, matching, text, whole } from './fields.ts';
import { hostFolderProblem } from './host-folder.ts';

const here = "`~` is the home directory, a relative path is resolved from the inventory's folder.";

const s3 = z
  .strictObject({
    endpoint: text(
      {
        description: 'Base URL of the S3 service; the bucket is part of the path.',
        examples: ['https://s3.eu-central-1.amazonaws.com'],
      },
      (value) => {
        const url = URL.canParse(value) ? new URL(value) : undefined;
        return url !== undefined && /^https?:\/\/[\w.:[\]-]+\/?$/.test(value)
          ? undefined
          : `must be an http or https URL without a path, such as https://s3.example.com, not "${value}"`;
      },
    ),
    bucket: text(
      { description: 'Name of the bucket, which must exist.', examples: ['etcd-backups'] },
      matching(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'must be the name of a bucket: 3 to 63 lowercase letters, digits, "." and "-"',
      ),
    ),
    prefix: text(
      {
        description: "What the names of objects begin with. Default: the cluster's name and a slash.",
        examples: ['prod/etcd/'],
      },
      matching(
        /^([A-Za-z0-9_-][\w.-]*\/)*[\w.-]*$/,
        'must consist of letters, digits, ".", "_", "-" and "/", and not begin with "/"',
      ),
    ).optional(),
    region: text(
      { description: 'Region in signatures.', default: defaults.s3Region, examples: ['eu-central-1'] },
      matching(/^[a-z0-9-]+$/, 'must consist of lowercase letters, digits and "-"'),
    ).optional(),
    accessKeyId: text(
      {
        description: 'Access key ID. It needs only s3:PutObject.',
        examples: ['AKIAIOSFODNN7EXAMPLE'],
      },
      matching(/^[\w.-]+$/, 'must consist of letters, digits, ".", "_" and "-"'),
    ),
    secretAccessKeyFile: text(
      {
        description: `File on this machine with the secret access key; ${here} A final newline does not count. On hosts, only root can read it.`,
        examples: ['./s3-secret'],
      },
      filePath,
    ).optional(),
    secretAccessKeyEnv: text(
      {
        description: 'Instead of secretAccessKeyFile: the environment variable of kboot that has it.',
        examples: ['AWS_SECRET_ACCESS_KEY'],
      },
      matching(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable'),
    ).optional(),
    caFile: text(
      {
        description: `PEM file on this machine with the CA that signed the certificate of the S3 service; ${here}`,
        examples: ['./s3-ca.crt'],
      },
      filePath,
    ).optional(),
  })
  .meta({
    description:
      "A copy of every snapshot in S3 or a service like it, put there by the host with its distribution's curl. kboot deletes nothing there: give the bucket a lifecycle rule. Objects are as readable as the snapshot itself, at most 5 GB.",
  });

/** `spec.etcd.backup`: snapshots that the hosts take themselves. */
export const backup = z
  .strictObject({
    schedule: text(
      {
        description:
          "When, as a calendar event of systemd (`man systemd.time`), in the hosts' time zone unless it names one. Up to a minute is added at random; a run that was missed while all were off is made up for.",
        examples: ['daily', '*-*-* 00/6:00', 'Mon..Fri *-*-* 03:00 UTC'],
      },
      calendarEvent,
    ),
    keep: whole(1, 1000, {
      description:
        'How many snapshots stay in the folder of each host. Older ones are removed after a good new one; while copies to S3 fail, up to twice as many stay.',
      default: defaults.backupKeep,
    }).optional(),
    directory: text(
      {
        description:
          'Folder on the hosts; created with mode 700 if it is missing, preferably on another disk than etcd. The files have mode 600.',
        default: defaults.backupDirectory,
        examples: ['/mnt/backup/etcd'],
      },
      (value) => hostFolderProblem(value, 'for snapshots', '/var/backups/etcd'),
    ).optional(),
    encryptFor: z
      .array(
        text(
          {
            description: `PEM file on this machine with a certificate that has an RSA key; ${here}`,
            examples: ['./backup.crt'],
          },
          filePath,
        ),
      )
      .min(1, 'must name a certificate; leave it out for snapshots that are not encrypted')
      .meta({
        description:
          "Certificates of those who can decrypt the snapshots: each is encrypted for all of them on its host, by the distribution's openssl (CMS, AES-256, RSA-OAEP), and its name ends in .db.cms. Whoever has the private key of one of them can: keep it away from hosts. To restore: `kboot etcd restore INVENTORY SNAPSHOT --key FILE`.",
        examples: [['./backup.crt']],
      })
      .optional(),
    s3: s3.optional(),
  })
  .meta({
    description:
      'Snapshots of etcd at set times, by a systemd timer on every host of a member: the first member of the inventory that is healthy takes it, the others leave it to that one. Each is checked against its own SHA-256. `kboot status` and `kboot drift` tell a failed or overdue one. A snapshot contains everything in the cluster, Secrets too, unless spec.encryption encrypts them, or encryptFor the whole file. Without this field, timer and credentials are removed; snapshots stay.',
  });
