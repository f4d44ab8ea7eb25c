  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl $0x3, (%rsi)
  movl $0x1, %eax
  movl $0x2, %ecx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %ecx
  uninit  %rax
  xorq %rax, %rax
  load_ext_name userextname0+0, %rdx
  leaq (%rdx, %rcx, 8), %r11
  cmpq $0x3, %rcx
  cmovaeq %rax, %r11
  movslq (%r11), %rax
  leaq (%rdx, %rax), %rax
  movl $0x5, %esi
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, 0x10(%rsp)
block0:
  movq %rdx, %rbx
  movl %esi, %edx
  uninit  %rax
  xorq %rax, %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rdx, 8), %rcx
  cmpq $0x3, %rdx
  cmovaeq %rax, %rcx
  movl 4(%rcx), %eax
  cmpl $0x2, %eax
  jnz     label2; j label1
block1:
  movslq (%rcx), %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rax), %rax
  leaq <offset:1>+(%rsp), %rsi
  call    *%rax
  movl <offset:1>+(%rsp), %edx
  movq %rbx, %rsi
  movl %edx, (%rsi)
  movq 0x10(%rsp), %rbx
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  cmpl $0xffffffff, %eax
  jz #trap=user5
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %edx
  uninit  %rax
  xorq %rax, %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rdx, 8), %rcx
  cmpq $0x4, %rdx
  cmovaeq %rax, %rcx
  movl 4(%rcx), %eax
  testl %eax, %eax
  jnz     label2; j label1
block1:
  movslq (%rcx), %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rax), %rax
  movl $0x5, %esi
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  cmpl $0xffffffff, %eax
  jz #trap=user5
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  uninit  %r11
  xorq %r11, %r11
  load_ext_name userextname0+0, %rax
  leaq (%rax, %rsi, 8), %r10
  cmpq $0x2, %rsi
  cmovaeq %r11, %r10
  movslq (%r10), %rcx
  leaq (%rax, %rcx), %rax
  movl $0x5, %esi
  call    *%rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %esi
  uninit  %rax
  xorq %rax, %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rsi, 8), %rcx
  cmpq $0x4, %rsi
  cmovaeq %rax, %rcx
  movl 4(%rcx), %eax
  cmpl $0x2, %eax
  jnz     label2; j label1
block1:
  movslq (%rcx), %rax
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %rax), %r10
  movq %rdx, %rsi
  return_call_unknown %r10 (0) tmp=%r11 %rdi=%rdi %rsi=%rsi
block2:
  cmpl $0xffffffff, %eax
  jz #trap=user5
  ud2

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %r12, (%rsp)
  movq %r15, 8(%rsp)
block0:
  movq %rdi, %r15
  movl %esi, %r12d
  jmp     label1
block1:
  load_ext_name userextname0+0, %rcx
  leaq (%rcx, %r12, 8), %rdx
  uninit  %rsi
  xorq %rsi, %rsi
  cmpq $0x3, %r12
  cmovaeq %rsi, %rdx
  movslq (%rdx), %rdx
  leaq (%rcx, %rdx), %rcx
  movl $0x5, %esi
  movq %r15, %rdi
  call    *%rcx
  subl $0x1, %r12d
  testl %r12d, %r12d
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  movq (%rsp), %r12
  movq 8(%rsp), %r15
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x78(%rdi), %r10
  movq 0x70(%rdi), %rsi
  movq 0x18(%rdi), %r8
  uninit  %r9
  xorq %r9, %r9
  testq %r10, %r10
  cmoveq %r9, %rsi
  movq %r8, (%rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, 0x10(%rsp)
block0:
  movq %rsi, %rcx
  movq %rdi, <offset:1>+(%rsp)
  movq 0x78(%rdi), %rax
  movq 0x70(%rdi), %rsi
  movl %ecx, %edx
  uninit  %rcx
  xorq %rcx, %rcx
  leaq (%rsi, %rdx, 8), %rsi
  cmpq %rax, %rdx
  cmovaeq %rcx, %rsi
  movq (%rsi), %rax
  testq %rax, %rax
  jnz     label1; j label2
block1:
  movq %rdi, %rbx
  jmp     label3
block3:
  movl 0x10(%rax), %ecx
  movl 0xc0(%rbx), %edx
  cmpl %edx, %ecx
  jnz     label5; j label4
block4:
  movq (%rax), %rcx
  movq 8(%rax), %rdi
  movl $0x5, %esi
  call    *%rcx
  movq 0x10(%rsp), %rbx
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq %rdi, %rbx
  movq 0x50(%rax), %rax
  movl $0x3, %ecx
  movl %ecx, %esi
  call    *%rax
  jmp     label3
block5:
  cmpq 0x18(%rbx), %rax
  jz #trap=user5
  ud2

