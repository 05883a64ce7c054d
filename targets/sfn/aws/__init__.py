"""The control plane of a flow on AWS, through boto3, which is imported within the functions that need it.

session     clients of one region, and what AWS refuses as one sentence
platform    all of it as `targets.platform.Platform`
"""
