// deploy/kubernetes renders, with the probes of the deployment document, and every reference inside leads somewhere.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../http/harness.mjs';

const render = (overlay) =>
  execFileSync('kubectl', ['kustomize', join(root, 'deploy/kubernetes/overlays', overlay)], { encoding: 'utf8' }).split(/^---$/m);
const kind = (parts, k) => parts.filter((p) => new RegExp(`^kind: ${k}$`, 'm').test(p));
const flat = (text) => text.split('\n').map((l) => l.trim()).filter(Boolean).sort().join('\n');
const name = (part) => /^metadata:\n(?:  .*\n)*?  name: (\S+)/m.exec(part)[1];

const probes = /### For Kubernetes\n```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/production-checklist.md'), 'utf8'))[1].split('\n\n');

for (const [overlay, kinds] of [
  ['sqlite', ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PersistentVolumeClaim', 'Service', 'ServiceAccount']],
  ['postgres', ['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Job', 'NetworkPolicy', 'PersistentVolumeClaim', 'PodDisruptionBudget', 'Service', 'ServiceAccount']],
  ['blue-green', ['ConfigMap', 'Deployment', 'NetworkPolicy', 'Service', 'ServiceAccount']],
]) {
  describe(`overlay ${overlay}`, () => {
    const parts = render(overlay);
    const [deployment] = kind(parts, 'Deployment');

    test('has what it should have', () => {
      assert.deepEqual(parts.map((p) => /^kind: (\S+)$/m.exec(p)[1]).sort(), kinds);
    });

    test('probes are those of the document', () => {
      for (const probe of probes) {
        const which = /^(\w+Probe):/.exec(probe)[1];
        const block = new RegExp(`^( +)${which}:\\n((?:\\1 +.*\\n)+)`, 'm').exec(deployment);
        assert.equal(flat(`${which}:\n${block[2]}`), flat(probe));
      }
    });

    test('pods run without rights, on a file system that is only read', () => {
      for (const part of [deployment, ...kind(parts, 'Job')])
        for (const line of ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'allowPrivilegeEscalation: false', 'type: RuntimeDefault', 'automountServiceAccountToken: false', '- ALL'])
          assert.ok(part.includes(line), `${name(part)}: ${line}`);
    });

    test('settings and service account that pods name are there; selectors match the pods', () => {
      const maps = kind(parts, 'ConfigMap').map(name);
      for (const part of [deployment, ...kind(parts, 'Job')])
        for (const [, map] of part.matchAll(/configMapRef:\n +name: (\S+)/g)) assert.ok(maps.includes(map), `${map} of ${maps}`);
      assert.equal(/serviceAccountName: (\S+)/.exec(deployment)[1], name(kind(parts, 'ServiceAccount')[0]));
      const label = /template:\n(?: +.*\n)*? +labels:\n +app\.kubernetes\.io\/name: (\S+)/.exec(deployment)[1];
      assert.equal(/selector:\n +app\.kubernetes\.io\/name: (\S+)/.exec(kind(parts, 'Service')[0])[1], label);
      assert.equal(/podSelector:\n +matchLabels:\n +app\.kubernetes\.io\/name: (\S+)/.exec(kind(parts, 'NetworkPolicy')[0])[1], label);
    });

    test('no secret is written down, no image without a version', () => {
      assert.equal(kind(parts, 'Secret').length, 0);
      for (const [, image] of parts.join('').matchAll(/image: (\S+)/g)) assert.match(image, /:\d+\.\d+\.\d+$/);
    });
  });
}

test('every setting of the ConfigMap is one that the server knows', () => {
  const known = readFileSync(join(root, 'src/base/config.def'), 'utf8');
  for (const [, setting] of render('postgres').join('').matchAll(/^  ([A-Z_]+): /gm)) assert.ok(known.includes(`"${setting}"`), setting);
});
