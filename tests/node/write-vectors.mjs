// SPDX-License-Identifier: MIT
// Writes tests/vectors/ again: node write-vectors.mjs FOLDER. The result is committed; the C tests only read it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { keyText, vaultText } from './format.mjs';
import { writeCapsule } from './capsule.mjs';
import { CAPSULE, CAPSULE_HEAD, CAPSULE_PASSPHRASE, exampleVault, KEK, otherVault } from './example.mjs';

mkdirSync(argv[2], { recursive: true });
const write = (name, text) => writeFileSync(join(argv[2], name), text);
write('example.vault.json', vaultText(exampleVault()));
write('other.vault.json', vaultText(otherVault()));
write('example.key', keyText(KEK));
write('example.capsule', writeCapsule(CAPSULE, CAPSULE_PASSPHRASE, CAPSULE_HEAD));
