import * as z from 'zod';
import { defaults } from './defaults.ts';
import { filePath, matching, text } from './fields.ts';
import { registryHost } from './registry-host.ts';

const here = "`~` is the home directory, a relative path is resolved from the inventory's folder.";

const caFile = (of: string) =>
  text(
    {
      description: `PEM file on this machine with the CA that signed the certificate of ${of}; ${here}`,
      examples: ['./registry-ca.crt'],
    },
    filePath,
  ).optional();

const credentials = (of: string) =>
  z
    .strictObject({
      username: text(
        { description: 'User name.', examples: ['robot$kubernetes'] },
        matching(/^[^:\s]+$/, 'must be a user name without ":" and spaces'),
      ),
      passwordFile: text(
        {
          description: `File on this machine with the password or token; ${here} A final newline does not count.`,
          examples: ['./registry-password'],
        },
        filePath,
      ).optional(),
      passwordEnv: text(
        {
          description: 'Instead of passwordFile: the environment variable of kboot that has it.',
          examples: ['REGISTRY_PASSWORD'],
        },
        matching(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable'),
      ).optional(),
    })
    .meta({
      description: `Login at ${of}, for every Pod of the cluster. Neither plans nor logs have the password; files on hosts that have it are readable only for root.`,
    })
    .optional();

const mirror = z
  .strictObject({
    url: text({ description: 'Base URL.', examples: ['https://mirror.example.com'] }, (value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
        return `must be an http or https URL such as https://mirror.example.com, not "${value}"`;
      return url.username + url.password === '' ? undefined : 'must not contain a user or password';
    }),
    capabilities: z
      .array(
        z.enum(['pull', 'resolve', 'push']).meta({
          description:
            'pull: content by digest; resolve: tags to digests, only from a mirror that you trust.',
        }),
      )
      .min(1, 'must name at least one capability')
      .meta({ description: 'What the mirror is used for.', default: defaults.mirrorCapabilities })
      .optional(),
    skipVerify: z
      .boolean()
      .meta({ description: 'Do not verify its certificate.', default: false })
      .optional(),
    overridePath: z
      .boolean()
      .meta({ description: 'The path of the URL is the API root: do not append /v2.', default: false })
      .optional(),
    caFile: caFile('the mirror'),
    credentials: credentials('the mirror'),
  })
  .meta({ description: 'A mirror.' });

/** `spec.containerd.registries`: how containerd reaches registries. */
export const registries = z
  .array(
    z
      .strictObject({
        host: text(
          {
            description:
              'Registry as in the names of images, with its port if they have one; `_default`: every other registry.',
            examples: ['registry.example.com:5000', 'docker.io'],
          },
          registryHost,
        ),
        mirrors: z
          .array(mirror)
          .meta({ description: 'Tried in this order before the registry itself.', default: [] })
          .optional(),
        caFile: caFile('the registry'),
        credentials: credentials('the registry'),
      })
      .meta({ description: 'A registry.' }),
  )
  .meta({
    description:
      'How containerd reaches registries: mirrors, CAs, logins. Written as /etc/containerd/certs.d/HOST/hosts.toml, which containerd reads for every pull.',
  })
  .optional();
