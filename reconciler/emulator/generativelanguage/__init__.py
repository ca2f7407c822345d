"""The Gemini API as tuning needs it: tuned models, their permissions and operations, their answers, base models.

Which URL belongs to which method, and what may stand in requests and answers, is said by the extract of Google's own
client. Who asks is the project in `x-goog-user-project`, or DEFAULT_CALLER; credentials are neither needed nor read.

Where nobody knows what Google does, this was chosen:

- a cancelled model is ACTIVE ("inference performance of a canceled model is unpredictable", so it can be asked);
  `Options.cancelled_tuned_model` chooses FAILED;
- a model can be deleted while it is CREATING: that ends its training, and its operation is gone with it;
- an id can be used again once its model is deleted;
- hyper-parameters that were not given are shown at their defaults;
- a patch without a mask changes the fields that its body has and that can be changed.
"""
