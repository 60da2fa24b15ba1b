import type { FaultText } from './fault.ts';

const again = 'Download or copy the file again and compare its size with the original.';

export const formatsFaults = {
  'formats/empty': (p: { file: string }) => ({
    message: `${p.file} is empty (0 bytes).`,
    remedy: again,
  }),
  'formats/web-page': (p: { file: string }) => ({
    message: `${p.file} holds a web page, not the file its name promises: the download failed or asked for a login.`,
    remedy: 'Delete it and download it again; where the model needs a login, set HF_TOKEN first.',
  }),
  'formats/lfs-pointer': (p: { file: string }) => ({
    message: `${p.file} is a Git LFS pointer: a text of a few lines that stands for the real file, which was not fetched.`,
    remedy: 'Run "git lfs pull" in its folder, or download the file itself.',
  }),
  'formats/cut': (p: { file: string; size: number; needed: number }) => ({
    message: `${p.file} is cut short: it has ${p.size} bytes, and its header describes ${p.needed}.`,
    remedy: again,
  }),
  'formats/safetensors-damaged': (p: { file: string; reason: string }) => ({
    message: `${p.file} is not a usable safetensors file: ${p.reason}.`,
    remedy: again,
  }),
  'formats/torch-damaged': (p: { file: string; reason: string }) => ({
    message: `${p.file} is not a usable PyTorch file: ${p.reason}.`,
    remedy: again,
  }),
  'formats/torch-legacy': (p: { file: string }) => ({
    message: `${p.file} is in PyTorch's format from before version 1.6, which is not read.`,
    remedy:
      'Take model.safetensors of the same model, or load and save the file once with a current PyTorch.',
  }),
  'formats/torch-content': (p: { file: string; what: string }) => ({
    message: `${p.file} is not a set of weights: ${p.what}.`,
    remedy: 'Save the weights alone, with save_pretrained() or torch.save(model.state_dict(), ...).',
  }),
  'formats/pickle-code': (p: { file: string; module: string; name: string }) => ({
    message: `${p.file} asks for ${p.module}.${p.name}, which is not part of a tensor. Nothing in the file was run.`,
    remedy: 'Do not use this file unless you trust who made it; ask for a safetensors file instead.',
  }),
  'formats/byte-order': (p: { file: string; order: string }) => ({
    message: `${p.file} was saved in ${p.order}-endian byte order, which is not read.`,
    remedy: 'Save it again on an x86 or ARM machine, or as safetensors.',
  }),
  'formats/dtype': (p: { file: string; tensor: string; dtype: string }) => ({
    message: `${p.file} holds ${p.tensor} as ${p.dtype}, an element type that is not read.`,
    remedy: 'Convert the checkpoint to float32, float16 or bfloat16.',
  }),
  'formats/not-float': (p: { file: string; tensor: string; dtype: string }) => ({
    message: `${p.file} holds ${p.tensor} as ${p.dtype}; floating-point numbers are needed there.`,
    remedy: 'Take the unquantised checkpoint of this model.',
  }),
  'formats/no-tensor': (p: { file: string; tensor: string }) => ({
    message: `${p.file} holds no tensor ${p.tensor}.`,
    remedy: 'Check that the file belongs to this model.',
  }),
  'formats/no-weights': (p: { folder: string; names: readonly string[] }) => ({
    message: `${p.folder} holds no weights: there is none of ${p.names.join(', ')}.`,
    remedy: 'Choose the folder that these files are in, or download the model again.',
  }),
  'formats/shard-missing': (p: { index: string; shard: string; tensors: number }) => ({
    message: `${p.index} names the shard ${p.shard} (${p.tensors} tensors), which is not beside it.`,
    remedy: 'Download the missing shard into the same folder.',
  }),
  'formats/shard-lacks': (p: { index: string; shard: string; tensor: string }) => ({
    message: `${p.index} places ${p.tensor} in ${p.shard}, which does not hold it.`,
    remedy: 'Download the index and all shards again, from one revision of the model.',
  }),
  'formats/shard-path': (p: { index: string; shard: string }) => ({
    message: `${p.index} names the shard ${JSON.stringify(p.shard)}, which is not a plain file name in its folder.`,
    remedy: 'Do not use this checkpoint unless you trust who made it; download it again from its source.',
  }),
  'formats/json': (p: { file: string; reason: string }) => ({
    message: `${p.file} is not valid JSON: ${p.reason}.`,
    remedy: 'Mend the file at that place, or download it again.',
  }),
  'formats/field': (p: { file: string; key: string; reason: string }) => ({
    message: `${p.file}: ${p.key} cannot be used: ${p.reason}.`,
    // Settings of a person's own have no file that could be fetched again.
    remedy: /\.json$/.test(p.file)
      ? `Correct ${p.key} in that file, or take the file from where it came from again.`
      : `Correct ${p.key}.`,
  }),
} satisfies Record<string, (p: never) => FaultText>;
