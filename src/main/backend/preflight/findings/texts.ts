/** What a pre-flight says, by its code: the message, and a detail on the second line. */
export const findingTexts = {
  // Rows and labels.
  'no-train-rows': `There are no rows to train on.
    Choose another split, or all rows.`,
  'one-class': `Every training row has the label {label}.
    A classifier needs two classes at least. Choose other rows, or another label column.`,
  'unseen-class': `No training row has the label {list}.
    {rows:n} evaluation rows have it. Take more training rows, or leave these out.`,
  imbalance: `{share:percent} % of the training rows are {label}: always answering it is right that often.
    Judge by macro F1. Balanced class weights raise the recall of rare classes.`,
  'rare-classes': `Few training rows: {list}.
    Below {few} rows a class is hardly learnt, and its figures mean little.`,
  'no-eval-rows': `No rows are evaluated: nothing will say how good the adapter is.
    Setting a fifth of the training rows aside is usual.`,
  'empty-eval-split': `The evaluation split has no rows.
    Choose another split, or set training rows aside.`,
  'few-eval-rows': `Only {rows} rows are evaluated.
    One row more or less right changes the accuracy by {each:percent} points.`,
  leaks: `{rows:n} of {of:n} evaluation rows are among the training rows too ({share:percent} %).
    They were seen in training: the metrics look better than they are.`,
  duplicates: `{rows:n} training rows repeat a text of another one ({share:percent} %).
    Repeated texts weigh more than others.`,
  // Lengths.
  'max-length': `The model takes {limit} tokens, not {asked}.
    Texts are cut at {limit}.`,
  truncation: `{about}{share:percent} % of the texts{rows} are cut at {cut} tokens.
    The longest of those looked at has {longest:n} tokens. Counted on {counted:n} of {of:n} training rows.`,
  'truncation/none': `No text is cut at {cut} tokens.
    The longest has {longest:n} tokens.`,
  'truncation/none-counted': `No text looked at is cut at {cut} tokens.
    Counted on {counted:n} of {of:n} training rows.`,
  padding: `Every text is padded to {cut} tokens; they have about {mean}.
    The results are the same with padding to the longest text of a batch, in a fraction of the time.`,
  // The base model and its head.
  'labels-new-head': `The model gets a new head for the labels of the data.
    {labels}. It is trained and saved with the adapter.`,
  'labels-agree': `The labels are those of the model's own head, which is trained further.`,
  'labels-permuted': `The labels are those of the model's own head, which is trained further.
    They are kept in the head's order: {head}.`,
  'labels-number': `The data has {labels} labels, the model's own head {heads}: it gets a new head.
    The head's labels: {head}. The new head is trained and saved with the adapter.`,
  'labels-numbers': `The labels are numbers and are taken as the head's own.
    {head}`,
  'labels-other': `The model's own head has as many labels, with other names: training starts from its weights.
    In this order: {named}. Where that is not meant, training has to unlearn it.`,
  'other-head': `The base is {what}: that head is not used.
    {file}: {seen}. A new head is trained and saved with the adapter.`,
  'fused-attention': `{name} gives query, key and value in one: an adapter on it changes all three.
    Query and value alone cannot be chosen on this model.`,
  'new-layers': `{list} {modules:is|are} not in the checkpoint: trained, and saved with the adapter.
    First values are drawn from the seed.`,
  'inference-mode': `inference_mode is true: the adapter would be frozen.
    Nothing would be trained. The saved adapter_config.json gets it by itself.`,
  // Training.
  'rate-low': `The learning rate {rate} is low for {activity}.
    Little would be learnt. Usual are {from} to {to}.`,
  'rate-high': `The learning rate {rate} is high for {activity}.
    Training may turn unstable and learn nothing. Usual are {from} to {to}.`,
  'worst-kept': `The checkpoint with the {kept} {metric} is kept as the best.
    {better} is better for {metric}.`,
  'no-seed': `No seed is set; 42 is taken.
    The same seed gives the same bits. Other seeds show how much of a difference is chance.`,
  'precision/slow': `bf16 is {times} times slower than fp32 here.
    {measured} The {device} has no units for bf16; fp32 is exact as well.`,
  'precision/fast': `bf16 would multiply {times} times as fast as fp32 here.
    {measured} fp32 keeps to the numbers of transformers; bf16 rounds, and results differ a little.`,
  'precision/tf32': `tf32 is fp32 here: TF32 is of NVIDIA GPUs, and none is used.`,
  'batch-size': `A batch has {size:n} rows; there are {rows:n} to train on.
    Each pass is a single step.`,
  'batch-size/accumulated': `One step takes {size:n} rows; there are {rows:n} to train on.
    Each pass is a single step.`,
  'warm-up': `The warm-up of {steps:n} steps is as long as the run ({total:n}).
    The learning rate would never reach its height.`,
  'few-steps': `The run has {total} steps.
    That rarely teaches anything. More epochs or a smaller batch make more steps.`,
  'no-checkpoints': `No checkpoints are kept.
    A run that is cut off starts again. Pausing keeps one all the same.`,
  'no-checkpoints/late': `The first checkpoint would come at step {step:n}.
    The run has {total:n} steps. One that is cut off starts again.`,
  'eval-at-end': `The evaluation rows are scored at the end only.
    Once an epoch shows whether it still learns or begins to overfit.`,
  'disk/full': `The run needs about {needed} of disk; {free} are free.
    Checkpoints take most of it. Keep fewer of them, or make room.`,
  disk: `The run needs about {needed} of disk, {share:percent} % of what is free.
    Checkpoints take most of it. Keep fewer of them, or make room.`,
} as const;
