"""Published cases as data, and the harness that measures dctwin against them.

`cases/*.yaml` say what is published, by whom, and how near a credible simulator should come;
`run_cases` computes the same quantities and reports each as pass, MISS or skipped.
"""

from .harness import CaseResult, case_names, format_results, load_cases, run_cases

__all__ = ["CaseResult", "case_names", "format_results", "load_cases", "run_cases"]
