import fs from 'node:fs';
import { expect, test } from 'vitest';
import { fakeTools, makeWheel, pythonWithWheels, useTestFolder } from './fakes.mjs';
import { ensureTensorFlow, hasWheel } from './tensorflow.mjs';

const { dir } = useTestFolder();
const options = () => ({ platform: 'linux-x64', cache: dir('cache') });

const tensorflowMembers = {
  'tensorflow/libtensorflow_cc.so.2': 'library',
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': 'header',
  'tensorflow/include/tensorflow/core/graph.h': 'not needed',
  'tensorflow/python/ops.py': 'not needed',
};

function usePython(body) {
  const tools = fakeTools(dir('bin'), { python3: body, python: 'exit 1' });
  process.env.PATH = `${tools.path}:/usr/bin:/bin`;
  return tools;
}

test('TensorFlow is fetched once: libraries, link names, the headers of its C interface, no wheel left', async () => {
  makeWheel(dir('wheels/tensorflow-cpu/tensorflow_cpu-2.21.0-cp312.whl'), tensorflowMembers);
  const python = usePython(pythonWithWheels(dir('wheels')));
  const runtime = await ensureTensorFlow('cpu', options());
  expect(fs.readdirSync(runtime).sort()).toEqual(['complete.json', 'include', 'lib']);
  expect(fs.readFileSync(`${runtime}/lib/libtensorflow.so`, 'utf8')).toBe('library');
  expect(fs.readFileSync(`${runtime}/lib/libtensorflow_framework.so`, 'utf8')).toBe('framework');
  expect(fs.readdirSync(`${runtime}/include/tensorflow`)).toEqual(['c']);

  const calls = python.calls().length;
  expect(await ensureTensorFlow('cpu', options())).toBe(runtime);
  expect(python.calls()).toHaveLength(calls);
  expect(python.calls().find((call) => call.includes('download'))).toMatch(/--require-hashes/);
});

test('for CUDA the libraries of NVIDIA stand where TensorFlow looks for them', async () => {
  makeWheel(dir('wheels/tensorflow/tensorflow-2.21.0-cp312.whl'), tensorflowMembers);
  makeWheel(dir('wheels/cuda/nvidia_cublas_cu12-12.9.whl'), {
    'nvidia/cublas/lib/libcublas.so.12': 'cublas',
    'nvidia/cublas/include/cublas.h': 'not needed',
  });
  makeWheel(dir('wheels/cuda/nvidia_cuda_nvcc_cu12-12.9.whl'), { 'nvidia/cuda_nvcc/bin/ptxas': 'ptxas' });
  usePython(pythonWithWheels(dir('wheels')));
  const runtime = await ensureTensorFlow('cuda', options());
  expect(fs.readFileSync(`${runtime}/lib/../nvidia/cublas/lib/libcublas.so.12`, 'utf8')).toBe('cublas');
  expect(fs.existsSync(`${runtime}/nvidia/cublas/include`)).toBe(false);
  expect(fs.statSync(`${runtime}/nvidia/cuda_nvcc/bin/ptxas`).mode & 0o111).not.toBe(0);
});

test('without Python 3 the message says how to get it', async () => {
  usePython('exit 1');
  await expect(ensureTensorFlow('cpu', options())).rejects.toMatchObject({
    message: 'Python 3 is missing; it fetches TensorFlow and compiles its addon.',
    remedy: expect.stringMatching(/apt-get install python3.*dnf install python3.*xcode-select/),
  });
});

test('without pip the message says how to get it', async () => {
  usePython('case "$*" in *"-m pip"*) exit 1;; *) echo 3;; esac');
  await expect(ensureTensorFlow('cpu', options())).rejects.toMatchObject({
    message: 'pip, the package installer of Python 3, is missing.',
    remedy: expect.stringContaining('apt-get install python3-pip'),
  });
});

test.each([
  ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES', /differs from the one that Graft was tested with/],
  ['OSError: [Errno 28] No space left on device', /disk became full/],
  ['ERROR: Could not find a version', /could not download the packages of tensorflow-cpu\.txt/],
])('when pip says "%s" nothing is left behind', async (words, message) => {
  usePython(`case "$*" in *"pip download"*) echo "${words}" >&2; exit 1;; *"-m pip"*) ;; *) echo 3;; esac`);
  const failure = await ensureTensorFlow('cpu', options()).catch((error) => error);
  expect(failure.message).toMatch(message);
  expect(failure.detail).toBe(words);
  expect(fs.readdirSync(dir('cache'))).toEqual([]);
});

test('a wheel whose members leave their folder is refused', async () => {
  makeWheel(dir('wheels/tensorflow-cpu/tensorflow_cpu-2.21.0-cp312.whl'), {
    'tensorflow/libtensorflow_cc.so.2/../../../../escaped': 'out',
  });
  usePython(pythonWithWheels(dir('wheels')));
  await expect(ensureTensorFlow('cpu', options())).rejects.toThrow(/could not be unpacked/);
  expect(fs.existsSync(dir('escaped'))).toBe(false);
});

test('platforms without a wheel are known', () => {
  expect(hasWheel('cpu', 'linux-x64')).toBe(true);
  expect(hasWheel('cuda', 'darwin-arm64')).toBe(false);
  expect(hasWheel('cpu', 'win32-x64')).toBe(false);
});
