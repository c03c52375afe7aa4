# shellcheck shell=bash
# Sourced by the batch scripts: what to do when Slurm warns that it will take the machines away. It sends SIGUSR1 to the batch
# shell (`--signal=B:USR1@300`) before the time limit, and before pre-emption where PreemptParameters has send_user_signal.
#
# The step is told, training saves at the next step that it can resume from exactly, and the job is requeued, once. Requeued,
# it runs the same script, which continues by itself.

GRACE_S="${GRACE_S:-240}" # less than the warning time: how long the step may take to end
warned=
trap 'warned=yes' USR1

requeue() {
  # A task of an array goes by both numbers: SLURM_JOB_ID of one of them is the whole array's.
  local job=$SLURM_JOB_ID
  [[ ${SLURM_ARRAY_JOB_ID:-} ]] && job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
  echo "warned by Slurm: requeued"
  scontrol requeue "$job"
}

# follow PID: waits for the step that `srun ... &` started. Its exit code, or 0 after a requeue.
follow() {
  local step=$1 code=0 left=$GRACE_S
  [[ $warned ]] || wait "$step" || code=$?
  [[ $warned ]] || return "$code"
  trap '' USR1
  kill -USR1 "$step" 2>/dev/null || true # srun hands it to its tasks; it may have ended by itself
  while kill -0 "$step" 2>/dev/null && ((left-- > 0)); do sleep 1; done
  requeue
}
