"""The grader: `grade` and `grade_all` judge final answers, `final_answer` finds the boxed one."""

from data.answers.extract import final_answer
from data.answers.judge import Verdict, grade, grade_all

__all__ = ["Verdict", "final_answer", "grade", "grade_all"]
