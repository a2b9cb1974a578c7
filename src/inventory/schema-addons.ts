import * as z from 'zod';
import { defaults } from './defaults.ts';
import { dnsLabel, filePath, httpUrl, matching, sha256, text, whole } from './fields.ts';

const here = "`~` is the home directory, a relative path is resolved from the inventory's folder.";

const manifest = z
  .strictObject({
    path: text(
      {
        description: `A manifest in YAML or JSON on this machine; or a folder, whose files .yaml, .yml and .json are read; or a folder with a kustomization, which kustomize or kubectl builds. ${here}`,
        examples: ['./addons/metrics-server.yaml', './addons/ingress'],
      },
      filePath,
    ).optional(),
    url: text(
      {
        description:
          'Instead of path: where to fetch a manifest from. Once fetched, it is kept in the cache of this user.',
        examples: ['https://example.com/releases/v1.2.3/install.yaml'],
      },
      httpUrl,
    ).optional(),
    sha256: sha256('what url serves').optional(),
  })
  .meta({ description: 'A file, a folder or a URL.' });

const chart = z
  .strictObject({
    path: text(
      {
        description: `A chart on this machine: its folder or archive. ${here}`,
        examples: ['./charts/ingress'],
      },
      filePath,
    ).optional(),
    repository: text(
      {
        description: 'Instead of path: URL of a repository of charts, the one that has index.yaml below it.',
        examples: ['https://charts.example.com'],
      },
      httpUrl,
    ).optional(),
    name: text(
      { description: 'Name of the chart in the repository.', examples: ['ingress-nginx'] },
      matching(/^[A-Za-z0-9][\w.-]*$/, 'must be the name of a chart'),
    ).optional(),
    oci: text(
      {
        description: 'Instead of path: the chart in a registry, without its tag.',
        examples: ['oci://registry.example.com/charts/ingress'],
      },
      matching(
        /^oci:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/,
        'must be like oci://registry.example.com/charts/name, without a tag',
      ),
    ).optional(),
    version: text(
      { description: 'Version of the chart, exactly.', examples: ['4.13.2'] },
      matching(/^v?\d+(\.\d+){0,2}([-+][\w.+-]+)?$/, 'must be one version such as 4.13.2, not a range'),
    ).optional(),
    sha256: sha256("the chart's archive (NAME-VERSION.tgz)").optional(),
    release: text(
      {
        description: "Name of the release, which templates use. Default: the add-on's name.",
        examples: ['ingress'],
      },
      dnsLabel,
    ).optional(),
    values: z
      .record(z.string(), z.unknown())
      .meta({
        description: 'Values, as in a values.yaml. They win over those of valuesFiles.',
        default: {},
        examples: [{ replicaCount: 2 }],
      })
      .optional(),
    valuesFiles: z
      .array(
        text({ description: `A file of values. ${here}`, examples: ['./values/ingress.yaml'] }, filePath),
      )
      .meta({ description: 'Files of values; a later one wins.', default: [] })
      .optional(),
    apiVersions: z
      .array(
        text(
          {
            description: 'GROUP/VERSION or GROUP/VERSION/KIND.',
            examples: ['monitoring.coreos.com/v1'],
          },
          matching(
            /^[a-z0-9.-]+\/v[a-z0-9]+(\/[A-Z][A-Za-z0-9]*)?$/,
            'must be like monitoring.coreos.com/v1 or monitoring.coreos.com/v1/ServiceMonitor',
          ),
        ),
      )
      .meta({
        description:
          "What templates may find in .Capabilities.APIVersions, besides Kubernetes' own APIs and the CRDs of this add-on and of those in after.",
        default: [],
      })
      .optional(),
    hooks: z
      .boolean()
      .meta({
        description:
          'Apply the hooks of the chart for installation and upgrade as objects of the add-on, before or after the others. false: the plan names them, and they are not run.',
        default: false,
      })
      .optional(),
  })
  .meta({
    description:
      'A Helm chart. helm 3.8 or newer renders it on the machine that runs kboot; kboot applies the objects.',
  });

const prune = z.enum(['except-data', 'all']).meta({
  description:
    'What happens to CRDs (with every object of their kind), Namespaces, PersistentVolumes and their claims once the add-on no longer has them, or is no longer listed. except-data: they stay, and the plan lists them. all: they are deleted like other objects. Set it and run `kboot up` before the add-on leaves the list.',
  default: defaults.addonPrune,
});

/** A reference of an image, as in a Pod. */
const image = matching(
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
  'must be an image such as registry.example.com/app:v1.2.3',
);

/** `spec.addons`: objects of the API that are the operator's. */
export const addons = z
  .array(
    z
      .strictObject({
        name: text(
          { description: 'Unique name, shown in the plan and the log.', examples: ['metrics-server'] },
          dnsLabel,
        ),
        namespace: text(
          {
            description:
              'Namespace of objects that need one and name none. kboot creates it if it does not exist.',
            default: defaults.addonNamespace,
            examples: ['ingress'],
          },
          dnsLabel,
        ).optional(),
        after: z
          .array(text({ description: 'Name of an add-on.', examples: ['cert-manager'] }, dnsLabel))
          .meta({
            description:
              'Add-ons that must be healthy before this one begins. Others are applied side by side.',
            default: [],
          })
          .optional(),
        manifests: z
          .array(manifest)
          .min(1, 'must list at least one manifest')
          .meta({ description: 'The objects. All of them belong to the add-on, whatever file they are in.' })
          .optional(),
        chart: chart.optional(),
        images: z
          .array(text({ description: 'An image.', examples: ['registry.example.com/agent:v1.2.3'] }, image))
          .meta({
            description:
              'Images that no manifest names, since a controller of the add-on starts them: `kboot lock` and `kboot bundle` include them with those that manifests name.',
            default: [],
          })
          .optional(),
        prune: prune.optional(),
        timeoutSeconds: whole(1, 3600, {
          description: 'Time limit in seconds for each wait: for its CRDs, its webhooks, and its health.',
          default: defaults.addonTimeoutSeconds,
        }).optional(),
      })
      .meta({ description: 'An add-on.' }),
  )
  .meta({
    description:
      'Your own add-ons: objects of the API that kboot applies, waits for, and removes again; plan and drift cover them, object by object.',
  });
